#!/usr/bin/env bash
# A command that cannot write its output fails: the disk is full, standard output is closed, or the reader has gone. A
# request without an end is refused.
# usage: tests/fault/streams_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
root=$PWD
. tests/checks.sh
unset WRIT_STORE WRIT_LEDGER
export HOME=$work WRIT_AUTHOR="Ada"
cp -r examples/refund "$work/base"
cp -r examples/refund "$work/wide"
sed -i 's/for 2m$/for 10m/' "$work/wide/policy.writ"
cd "$work"
echo "tier read<write" >loose.writ
request="--request base/requests/permit.json"
run store init && run store channel prod && run store publish base --channel prod && run store publish wide
# shellcheck disable=SC2086
run eval base $request --ledger ledger

verbs=("--version" "--help" "completion bash" "explain E0203" "explain base $request" "search base $request --open tool"
    "check base" "eval base $request" "eval base $request --format json" "compile base --output -" "test base"
    "lint base --format json" "fmt - <base/policy.writ" "fmt --diff loose.writ" "diff base wide" "gate base --base base" "gate wide --base base"
    "replay -L ledger --against base" "ledger export -L ledger" "ledger list -L ledger" "ledger verify -L ledger"
    "store list" "store list --format json" "store history prod" "store log" "store decide prod $request")
for verb in "${verbs[@]}"; do
    eval "$writ $verb" >out 2>err
    check "it prints: $verb" [ $? -le 1 -a -s out ]
    eval "$writ $verb" >/dev/full 2>err
    check "full disk: $verb" [ $? = 4 ]
    eval "$writ $verb" >&- 2>err
    check "closed stdout: $verb" [ $? = 4 ]
    for pipe in - ''; do  # with the signal, and where it is ignored
        (trap "$pipe" PIPE; sleep 0.1; eval "$writ $verb"; echo $? >code) 2>err | true
        check "closed pipe: $verb" [ "$(cat code)" = 4 ]
    done
done
timeout 20 "$writ" test --watch base >/dev/full 2>err
check "full disk: ends test --watch" [ $? = 4 ]

mkfifo pipe
( exec 3<pipe; exec 3<&- ) &
# shellcheck disable=SC2086
( sleep 0.3; exec "$writ" eval base $request ) >pipe 2>err
check "reader gone: not success" [ $? = 4 ]
wait

ends "endless request" 3 eval base --request /dev/zero

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
