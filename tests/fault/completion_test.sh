#!/usr/bin/env bash
# Tests completion in the shells themselves, and the manual pages with their readers.
# usage: tests/fault/completion_test.sh WRIT MAN
set -uo pipefail
writ=$(realpath "$1")
man=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/../checks.sh"
: >"$work/out"
: >"$work/err"
for shell in bash zsh fish; do
    ends "completion $shell" 0 completion "$shell"
    cp "$work/out" "$work/$shell"
    check "completion $shell: the shell takes it" "$shell" -n "$work/$shell"
done
ends "completion for a shell there is not" 2 completion tcsh
ends "completion for none" 2 completion

# bash: the completions of a line whose last word is being typed.
mkdir "$work/folder"
touch "$work/folder/a policy.writ" "$work/folder/other.json"
offered() {
    (cd "$work/folder" && bash --norc -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _writ; printf "%s\n" "${COMPREPLY[@]}"' _ "$work/bash" "$@")
}
offers() { [ "$(offered "${@:2}" | sort | tr '\n' ' ')" = "$1 " ]; }
check "bash: a verb" offers "check" writ che
check "bash: verbs, of which hidden ones are none" [ "$(offered writ '' | grep -c '^commands$')" = 0 ]
check "bash: every verb in the help" [ "$(offered writ '' | sort | tr '\n' ' ')" = "$("$writ" --help | sed -n 's/^  \([a-z]\+\)  .*/\1/p' | sort | tr '\n' ' ')" ]
check "bash: a nested verb" offers "publish" writ store pub
check "bash: an option" offers "--coverage" writ test --cov
check "bash: an option of the whole program" offers "--color" writ test --col
check "bash: an option of a nested verb" offers "--channel" writ store publish --chan
check "bash: no option of another verb" offers "" writ check --cov
check "bash: a choice" offers "json junit" writ test . --format j
check "bash: a choice behind an equals sign" offers "junit" writ test --format = ju
check "bash: a choice that stands alone" offers "fish" writ completion f
check "bash: behind an option's value" offers "human json junit tap" writ --color never test --format ''
check "bash: files" offers "a policy.writ other.json" writ check ''
check "bash: a file for an option" offers "other.json" writ eval . --request oth
check "bash: nothing where it is free text" offers "" writ test --filter ''
check "fish: a verb" [ "$(fish --no-config -c "source $work/fish; complete -C 'writ chec'" | cut -f 1)" = check ]
check "fish: a nested verb" [ "$(fish --no-config -c "source $work/fish; complete -C 'writ store publi'" | cut -f 1)" = publish ]
check "fish: a choice" [ "$(fish --no-config -c "source $work/fish; complete -C 'writ test --format ju'" | cut -f 1)" = junit ]

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
