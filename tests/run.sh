#!/usr/bin/env bash
# Builds everything and runs every test. Ends with the line "N passed, N failed".
# usage: tests/run.sh [BUILD_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}

tests/setup.sh
if [ -f "$build/build.ninja" ]; then meson configure "$build" -Dtests=true; else meson setup "$build" >/dev/null; fi
ninja -C "$build"

status=0
meson test -C "$build" --no-rebuild --print-errorlogs || status=$?
# A doctest program reports its cases; any other test counts as one.
python3 tests/summary.py "$build/meson-logs/testlog.json"
exit "$status"
