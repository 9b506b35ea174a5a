#!/usr/bin/env bash
# Fails if clang-format would change a C++ source. With --fix it reformats the sources.
# usage: tests/format.sh [--fix]
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run -Werror)
[ "${1:-}" = --fix ] && mode=(-i)
sources=$(find engine cli stdlib tests examples -name '*.h' -o -name '*.cpp' -o -name '*.c')
[ "$(wc -l <<<"$sources")" -gt 400 ] || { echo "too few sources found" >&2; exit 1; }
xargs clang-format-19 "${mode[@]}" <<<"$sources"
