#!/usr/bin/env bash
# Builds and runs every peer whose toolchain is installed. Prints a JSON object on one line for each style and size. A
# peer that fails, or differs from the expected answers, is reported and gives no line.
# usage: tests/bench/peers/run.sh WORKLOAD SIZES OUT [quick]      (OUT: the folder for builds)
set -uo pipefail
workload=$(realpath "$1") sizes=$2
mkdir -p "$3"
out=$(realpath "$3")
shift 3
cd "$(dirname "$0")"

for engine in wirefilter celrust cedar regorus opa cel casbin sapl; do
    mkdir -p "$out/$engine"
    status=0
    "$engine/build.sh" "$out/$engine" >"$out/$engine/build.log" 2>&1 || status=$?
    if [ $status -eq 77 ]; then
        echo "$engine: $(tail -n 1 "$out/$engine/build.log")" >&2
    elif [ $status -ne 0 ]; then
        echo "$engine: does not build, see $out/$engine/build.log" >&2
    else
        "$out/$engine/peer" "$workload" "$sizes" "$@" || echo "$engine: failed" >&2
    fi
done
