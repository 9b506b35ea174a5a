#!/usr/bin/env bash
# What the service does under load: decisions a second, latencies, reloads of the policy, memory. Every answer is checked.
# Ends with a table, which is also RESULTS/serve.md; RESULTS/serve.json has the same figures. Needs a quiet machine:
# the table says how much of it others used.
#
# usage: tests/bench/serve.sh [--quick] [--peers] [--only TEXT] [--results DIR]
#
#   --quick    seconds in place of minutes, to check that everything works; do not quote these results
#   --peers    also measures OPA's server with the same policy, if it builds
#   --only     only the rows whose names contain TEXT
#   --results  folder for results (build/serve)
set -euo pipefail
cd "$(dirname "$0")/../.."

options=() peers='' results=build/serve
while [ $# -gt 0 ]; do
    case $1 in
    --quick) options+=(--quick); shift ;;
    --peers) peers=1; shift ;;
    --only) options+=(--only "$2"); shift 2 ;;
    --results) results=$2; shift 2 ;;
    *) sed -n '6s/^# //p' "$0" >&2; exit 2 ;;
    esac
done

tests/setup.sh
[ -f build/build.ninja ] || meson setup build >/dev/null
ninja -C build cli/writ tests/bench/load tests/bench/activate >&2
if [ -n "$peers" ]; then
    out=build/peers/opa-server
    mkdir -p "$out"
    if tests/bench/peers/opa-server/build.sh "$PWD/$out" >"$out/build.log" 2>&1; then
        options+=(--peer "$out/server")
    else
        echo "serve.sh: OPA does not build, see $out/build.log" >&2
    fi
fi
exec python3 tests/bench/serve.py build "${options[@]}" --results "$results"
