#!/usr/bin/env bash
# There is a manual page for each verb, and groff and mandoc read it without errors.
# usage: tests/cli/man_test.sh WRIT MAN
set -uo pipefail
writ=$(realpath "$1")
man=$(realpath "$2")
. "$(dirname "$0")/../checks.sh"
: >"$work/out"
: >"$work/err"

# One page for each verb, the program and the language; the readers report no errors.
for verb in $("$writ" --help | sed -n 's/^  \([a-z]\+\)  .*/\1/p'); do
    check "man: a page for $verb" [ -s "$man/man1/writ-$verb.1" ]
    check "man: writ(1) names $verb" grep -q "writ.*-$verb" "$man/man1/writ.1"
done
for page in "$man"/man1/*.1 "$man"/man7/*.7; do
    groff -man -Tutf8 -ww -wel "$page" >"$work/out" 2>"$work/err"
    check "man: groff takes ${page##*/}" [ ! -s "$work/err" ]
    # The page of an unreleased version has no date.
    mandoc -Tlint -Wwarning "$page" 2>&1 | grep -v 'WARNING: missing date' >"$work/err"
    check "man: mandoc takes ${page##*/}" [ ! -s "$work/err" ]
done
groff -man -Tutf8 -P-cbou "$man/man1/writ-test.1" >"$work/out" 2>"$work/err"
check "man: options" grep -Eq '^ +--threshold PERCENT' "$work/out"
check "man: the prose" out_has 'coverage'
check "man: exit codes" out_has 'EXIT STATUS'
groff -man -Tutf8 -P-cbou "$man/man7/writ-language.7" >"$work/out" 2>"$work/err"
check "man: the language, with its examples" out_has 'permit refund_small'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
