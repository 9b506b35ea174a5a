#!/usr/bin/env bash
# `writ fmt`: what it writes and where, what it leaves unchanged, and its exit codes.
# usage: tests/fault/fmt_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
unset NO_COLOR
. tests/checks.sh

# The project's own policies have the style.
ends "the standard library and the examples" 0 fmt --check stdlib examples tests/conformance/policies docs/snippets
check "nothing to name" [ ! -s "$work/out" ]

printf 'tier read<write\ndeny paused\n when run.state==paused // why\n' >"$work/loose.writ"
printf 'tier read < write\n\ndeny paused\n  when run.state == paused  // why\n' >"$work/styled"
cp "$work/loose.writ" "$work/before"
cp "$work/styled" "$work/other.writ"

ends "--check" 1 fmt --check "$work"
check "--check: names what differs" [ "$(cat "$work/out")" = "$work/loose.writ" ]
check "--check: counts on stderr" err_has "2 files, 1 not in canonical style"
ends "--diff" 1 fmt --diff "$work"
check "--diff: names the file" out_has "--- $work/loose.writ"
check "--diff: what goes" out_has "-tier read<write"
check "--diff: what comes" out_has "+tier read < write"
check "--diff: only what differs" not out_has other.writ
check "--diff: no colour into a file" not grep -q "$(printf '\033')" "$work/out"
ends "--diff and --check" 1 fmt --diff --check "$work"
check "looking changes nothing" cmp -s "$work/before" "$work/loose.writ"

chmod 640 "$work/loose.writ"
ends "rewriting" 0 fmt "$work"
check "rewriting: names what changed" [ "$(cat "$work/out")" = "$work/loose.writ" ]
check "rewriting: in style" cmp -s "$work/styled" "$work/loose.writ"
check "rewriting: the mode stays" [ "$(stat -c %a "$work/loose.writ")" = 640 ]
check "rewriting: nothing beside it" [ ! -e "$work/loose.writ.new" ]
ends "again" 0 fmt "$work"
check "again: nothing changes" [ ! -s "$work/out" ]
ends "--check of what is in style" 0 fmt --check "$work"
ends "--diff of what is in style" 0 fmt --diff "$work"
check "--diff of what is in style: empty" [ ! -s "$work/out" ]

# A link stays a link.
mkdir "$work/links" "$work/target"
cp "$work/before" "$work/target/real.writ"
ln -s ../target/real.writ "$work/links/link.writ"
ends "a link" 0 fmt "$work/links/link.writ"
check "a link: still is one" [ -L "$work/links/link.writ" ]
check "a link: what it leads to is in style" cmp -s "$work/styled" "$work/target/real.writ"

# Streams.
"$writ" fmt - <"$work/before" >"$work/out" 2>"$work/err"
check "standard input" cmp -s "$work/styled" "$work/out"
check "standard input: nothing else" [ ! -s "$work/err" ]
"$writ" fmt --check - <"$work/before" >"$work/out" 2>"$work/err"; code=$?
check "--check of standard input" [ "$code" = 1 ]
"$writ" fmt --diff - <"$work/before" >"$work/out" 2>"$work/err"; code=$?
check "--diff of standard input" [ "$code" = 1 ]
check "--diff of standard input: names it" out_has "--- standard input"
"$writ" fmt --check - <"$work/styled" >"$work/out" 2>"$work/err"; code=$?
check "--check of standard input in style" [ "$code" = 0 ]
ends "- stands alone" 2 fmt - "$work"

# One file that does not parse: no file is changed, and all errors are reported.
mkdir "$work/mixed"
cp "$work/before" "$work/mixed/a.writ"
printf 'deny b when\n' >"$work/mixed/b.writ"
printf 'deny c when x && y\n' >"$work/mixed/c.writ"
for how in "" --check --diff; do
    # shellcheck disable=SC2086
    ends "does not parse $how" 3 fmt $how "$work/mixed"
    check "does not parse $how: nothing on stdout" [ ! -s "$work/out" ]
    check "does not parse $how: the first" err_has "$work/mixed/b.writ:2:1"
    check "does not parse $how: the second" err_has "$work/mixed/c.writ:1:15"
    check "does not parse $how: counts" err_has "2 errors"
    check "does not parse $how: nothing is written" cmp -s "$work/before" "$work/mixed/a.writ"
done
printf 'tier read // \377\n' >"$work/bytes.writ"
ends "not UTF-8" 3 fmt "$work/bytes.writ"
check "not UTF-8: says so" err_has E0104
run compile examples/refund --output "$work/refund.bundle"
ends "a bundle" 2 fmt "$work/refund.bundle"
check "a bundle: says so" err_has "is a sealed bundle"
ends "no file" 4 fmt "$work/nothing.writ"
check "no file: names it" err_has "$work/nothing.writ"
mkdir "$work/empty"
ends "a folder without policies" 4 fmt "$work/empty"
ends "no path" 2 fmt

# A failure to write is reported, and the old content remains.
mkdir "$work/locked"
cp "$work/before" "$work/locked/a.writ"
if [ "$(id -u)" = 0 ]; then mkdir "$work/locked/a.writ.new"; else chmod a-w "$work/locked"; fi
ends "cannot be written" 4 fmt "$work/locked/a.writ"
check "cannot be written: names it" err_has "$work/locked/a.writ"
check "cannot be written: stays" cmp -s "$work/before" "$work/locked/a.writ"
"$writ" fmt - <"$work/before" >/dev/full 2>"$work/err"; code=$?
check "a full disk" [ "$code" = 4 ]

# A policy of 10,000 rules.
{
    echo 'tier read'
    for i in $(seq 10000); do
        printf 'permit rule_%s for tool t when token.issuer is ci and tenant == "tenant-%s" and params.amount <= %s.00 grant { "use" } for 5m\n' "$i" "$i" "$i"
    done
} >"$work/many.writ"
ends "10,000 rules" 0 fmt "$work/many.writ"
check "10,000 rules: in style" [ "$(wc -l <"$work/many.writ")" = 50001 ]
ends "10,000 rules: again" 0 fmt --check "$work/many.writ"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
