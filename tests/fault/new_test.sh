#!/usr/bin/env bash
# `writ new`: the project does what its README says, and a failure leaves nothing behind.
# usage: tests/fault/new_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
template=$PWD/examples/starter
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset NO_COLOR
. tests/checks.sh
mkdir "$work/bin"
ln -s "$writ" "$work/bin/writ"
PATH=$work/bin:$PATH

ends "new" 0 new "$work/Acme-policy 2"
project="$work/Acme-policy 2"
check "new: names its files" [ "$(wc -l <"$work/out")" = "$(find "$project" -type f | wc -l)" ]
check "new: every file of the template but what the examples' test reads" \
    diff <(cd "$template" && find . -type f ! -name expected | sort) <(cd "$project" && find . -type f | sort)
check "new: the module is called after the folder" grep -qx 'module policy.acme_policy_2' "$project/policy.writ"
check "new: nothing else differs" [ "$(diff -r -x expected "$template" "$project" | grep -c '^[<>]')" = 2 ]

# The commands in its README, run in its own folder.
commands=$(sed -n '/^```sh$/,/^```$/p' "$project/README.md" | grep -v '^```')
check "README: names commands" [ "$(grep -c '^writ ' <<<"$commands")" -ge 5 ]
while IFS= read -r command; do
    (cd "$project" && eval "$command") >"$work/out" 2>"$work/err" </dev/null
    code=$?
    check "README: $command" [ "$code" = 0 ]
done <<<"$commands"
(cd "$project" && writ test .) >"$work/out" 2>"$work/err"
check "every invariant is tried" not out_has "its condition is true for none"
(cd "$project" && writ eval . --request requests/needs_approval.json) >"$work/out" 2>"$work/err"; code=$?
check "the other request waits" [ "$code" = 1 ]
hooks=$(sed -n 's/^ *entry: //p' "$project/.pre-commit-config.yaml")
check "hooks: there are some" [ "$(wc -l <<<"$hooks")" = 3 ]
while IFS= read -r command; do
    (cd "$project" && eval "$command") >"$work/out" 2>"$work/err" </dev/null
    code=$?
    check "hook: $command" [ "$code" = 0 ]
done <<<"$hooks"
python3 -c 'import json,sys; [json.load(open(p)) for p in sys.argv[1:]]' "$project"/requests/*.json
check "requests are JSON" [ $? = 0 ]

# Where it goes.
mkdir "$work/empty"
(cd "$work/empty" && writ new .) >"$work/out" 2>"$work/err"; code=$?
check "an empty folder, from inside" [ "$code" = 0 ]
check "an empty folder: called after it" grep -qx 'module policy.empty' "$work/empty/policy.writ"
for name in and 2fast ÜBER; do
    ends "called $name" 0 new "$work/$name/"
    ends "called $name: compiles" 0 check "$work/$name"
done
before=$(find "$work/empty" -type f -exec sha256sum {} + | sort)
ends "a folder with something in it" 1 new "$work/empty"
check "a folder with something in it: says so" err_has "is not an empty folder"
check "a folder with something in it: stays as it is" [ "$before" = "$(find "$work/empty" -type f -exec sha256sum {} + | sort)" ]
touch "$work/file"
ends "a file" 1 new "$work/file"
ln -s "$work/nowhere" "$work/dangling"
ends "a link to nothing" 1 new "$work/dangling"
ends "no folder for it" 4 new "$work/missing/project"
check "no folder for it: none is made" [ ! -e "$work/missing" ]
ends "no name" 2 new

# A write that fails half-way: all created files are removed.
(ulimit -f 1; trap '' XFSZ; exec "$writ" new "$work/half") >"$work/out" 2>"$work/err"; code=$?
check "half-way: says what failed" [ "$code" = 4 ]
check "half-way: nothing is left" [ ! -e "$work/half" ]
check "half-way: nothing on stdout" [ ! -s "$work/out" ]

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
