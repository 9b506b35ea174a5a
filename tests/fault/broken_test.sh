#!/usr/bin/env bash
# Commands whose inputs are broken: bundles, ledgers and exports that are cut or damaged, and a git that is
# killed.
# usage: tests/fault/broken_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
. tests/checks.sh
unset WRIT_STORE WRIT_LEDGER GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export HOME=$work GIT_CONFIG_NOSYSTEM=1
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

# A ledger: damage is reported, and nothing is permitted that it cannot record.
eval_recorded() { ends "$1" "$2" eval base --request "$permit" --ledger ledger; }
eval_recorded "a ledger" 0
eval_recorded "a ledger, again" 0
ends "a ledger: checkpoint" 0 ledger checkpoint -L ledger
segment=ledger/00000000000000000000.segment
cp "$segment" whole.segment
printf 'X' | dd of="$segment" bs=1 seek=400 conv=notrunc status=none
ends "a damaged ledger: verify" 1 ledger verify -L ledger
check "a damaged ledger: where" out_has "record 0 is the first that cannot be read"
eval_recorded "a damaged ledger: no permit" 4
check "a damaged ledger: says so" err_has "error[G0003]"
head -c 2000 whole.segment >"$segment"
ends "a ledger cut short: verify" 1 ledger verify -L ledger
eval_recorded "a ledger cut short: no permit" 4
check "a ledger cut short: says so" err_has "error[G0006]"
cp whole.segment "$segment"
ends "a ledger restored" 0 ledger verify -L ledger

# What a store exported.
run store init && run store publish base
ends "an export" 0 store export --output all.export
head -c 5000 all.export >cut.export
run store --store other init
ends "an export cut short" 3 store --store other import cut.export
check "an export cut short: code" err_has S0027

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
