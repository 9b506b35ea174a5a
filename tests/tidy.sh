#!/usr/bin/env bash
# Runs clang-tidy over the engine and the command. Fails if it finds something.
# usage: tests/tidy.sh [FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."
# Clang cannot read the precompiled headers of another compiler, so this has a build folder of its own.
build=build-tidy
[ -f "$build/build.ninja" ] || CXX=clang++-19 meson setup "$build" -Db_pch=false -Dtests=false >/dev/null
# Generated sources and headers have to be there before a file can be read.
ninja -C "$build" grammar/WritParser.h stdlib/stdlib.cpp >/dev/null
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(find engine cli -name '*.cpp' | sort)
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 4 clang-tidy-19 -p "$build" --quiet --warnings-as-errors='*'
