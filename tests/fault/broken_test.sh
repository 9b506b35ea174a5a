#!/usr/bin/env bash
# What a command relies on is broken: a bundle that is cut short, git that is killed.
# usage: tests/fault/broken_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset WRIT_STORE WRIT_LEDGER GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export HOME=$work GIT_CONFIG_NOSYSTEM=1
. tests/checks.sh
cp -r examples/refund "$work/base"
cd "$work"
permit=base/requests/permit.json

ends "a bundle" 0 compile base --output whole.bundle
head -c 2000 whole.bundle >cut.bundle
for verb in eval explain "search --open tool"; do
    # shellcheck disable=SC2086
    ends "a bundle cut short: $verb" 3 $verb cut.bundle --request "$permit"
    check "a bundle cut short: $verb, says so" err_has "error[B"
    check "a bundle cut short: $verb, no answer" [ ! -s out ]
done

# A git that dies at one of its verbs.
mkdir repo deadly && cp -r base repo/policy && cd repo || exit 1
{ git init -q && git add -A && git -c user.name=Ada -c user.email=ada@acme.example commit -qm "the first" && git branch -M main; } || exit 1
for verb in rev-parse cat-file log; do
    printf '#!/bin/sh\ncase " $* " in *" %s "*) kill -9 $$ ;; esac\nexec %s "$@"\n' "$verb" "$(command -v git)" >../deadly/git
    chmod +x ../deadly/git
    PATH=$work/deadly:$PATH ends "git killed at $verb" 4 gate policy --base main
    check "git killed at $verb: says so" err_has "git was killed"
done
cd ..

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
