#!/usr/bin/env bash
# Runs the random tests with new seeds until the time is over or a test fails. An ordinary test run uses fixed seeds.
# Each line shows its seed, so that a failure can be run again.
# usage: tests/explore.sh [SECONDS] [BUILD_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600} build=${2:-build}
end=$((SECONDS + seconds))
run() {
    local status=0 out
    out=$("$@" 2>&1) || status=$?
    [ "$status" = 0 ] && return
    printf '%s\n' "$out" >&2
    exit "$status"
}
for ((round = 1; SECONDS < end; round++)); do
    seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
    echo "round $round, seed $seed"
    run env WRIT_SEED="$seed" "$build/tests/property/property_tests"
    run "$build/tests/property/property_run" --pairs 20000 --threads 2 --seed "$seed"
    run "$build/tests/fuzz/mutate_bundles" --count 20000 --threads 2 --seed "$seed"
    run "$build/tests/ledger_faults" --rounds 50 --seed "$seed"
    run tests/fault/store_kill_test.sh "$build/tests/store_kill" 50 "$seed"
done
echo "$((round - 1)) rounds, nothing failed"
