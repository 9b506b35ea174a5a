#!/usr/bin/env bash
# Builds everything with Clang 19 and runs every test with it.
# usage: tests/clang.sh [BUILD_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build-clang}
tests/setup.sh
command -v clang++-19 >/dev/null || { echo "clang.sh: install clang-19" >&2; exit 4; }
[ -f "$build/build.ninja" ] || CC=clang-19 CXX=clang++-19 meson setup "$build" >/dev/null
exec tests/run.sh "$build"
