#!/usr/bin/env bash
# Runs clang-tidy on the engine and the command. Fails if it reports anything.
# usage: tests/tidy.sh [FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."
# Clang cannot read precompiled headers of another compiler, so it needs its own build folder.
build=build-tidy
[ -f "$build/build.ninja" ] || CXX=clang++-19 meson setup "$build" -Db_pch=false -Dunity=off -Dtests=false >/dev/null
# Generated sources and headers must exist before a file can be read.
ninja -C "$build" grammar/WritParser.h stdlib/stdlib.cpp >/dev/null
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(find engine cli -name '*.cpp' | sort)
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 4 clang-tidy-19 -p "$build" --quiet --warnings-as-errors='*'
