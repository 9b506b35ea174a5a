#!/usr/bin/env bash
# The main job, end to end: builds `writ`, compiles the refund policy, and decides three requests
# made from a real Kubernetes token: one permit, one that needs approval, one deny.
# usage: examples/quickstart.sh [BUILD_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}

tests/setup.sh build
[ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=false >/dev/null
ninja -C "$build" cli/writ >&2

writ="$build/cli/writ"
run() { printf '\n$ writ %s\n' "$*"; "$writ" "$@"; }
# `writ eval` answers with its exit code: 0 permit, 1 deny or needs_approval.
expect() { local want=$1 got=0; shift; run "$@" || got=$?; [ "$got" = "$want" ] || { echo "quickstart: exit $got, expected $want" >&2; exit 1; }; }

expect 0 check examples/refund
expect 0 eval examples/refund --request examples/refund/requests/permit.json
expect 1 eval examples/refund --request examples/refund/requests/needs_approval.json
expect 1 eval examples/refund --request examples/refund/requests/deny.json
