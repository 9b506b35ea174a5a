#!/usr/bin/env bash
# Builds `writ`, compiles the refund policy, and decides three requests made from a real Kubernetes token: a permit, one
# that needs an approval, and a deny.
# usage: examples/quickstart.sh [BUILD_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}

tests/setup.sh build
[ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=false >/dev/null
ninja -C "$build" cli/writ >&2

writ="$build/cli/writ"
run() { printf '\n$ writ %s\n' "$*"; "$writ" "$@"; }
# The exit code of `writ eval`: 0 permit, 1 deny or needs_approval.
expect() { local want=$1 got=0; shift; run "$@" || got=$?; [ "$got" = "$want" ] || { echo "quickstart: exit $got, expected $want" >&2; exit 1; }; }

expect 0 check examples/refund
expect 0 eval examples/refund --request examples/refund/requests/permit.json
expect 1 eval examples/refund --request examples/refund/requests/needs_approval.json
expect 1 eval examples/refund --request examples/refund/requests/deny.json
