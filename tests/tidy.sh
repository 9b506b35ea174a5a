#!/usr/bin/env bash
# Runs clang-tidy on the engine and the command. Prints each finding once, and fails if there is one.
#   without options  what looks at one place at a time; takes minutes
#   --deep           what follows the paths through each function; takes more than an hour. Sources without findings are
#                    not read again until they or their headers change, so an interrupted run goes on where it was.
#   FILE...          both, for these sources
# JOBS: how many sources are read at the same time; by default as many as there are processors.
# usage: tests/tidy.sh [--deep | FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."
command -v clang-tidy-19 >/dev/null || { echo "tidy.sh: clang-tidy-19 is missing; tests/setup.sh installs it" >&2; exit 4; }
# It reads what Clang compiles: another compiler has other options, and precompiled headers that Clang cannot read.
build=build-tidy
[ -f "$build/build.ninja" ] || CC=clang-19 CXX=clang++-19 meson setup "$build" -Db_pch=false -Dunity=off -Dtests=false >/dev/null
# Generated sources and headers must exist before a source can be read.
ninja -C "$build" build.ninja >/dev/null
ninja -C "$build" -t targets all | sed -n 's/^\(.*[.]\(h\|cpp\)\): CUSTOM_COMMAND.*/\1/p' | xargs ninja -C "$build" >/dev/null
exec python3 tests/tidy.py "$build" "$@"
