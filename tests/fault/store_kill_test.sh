#!/usr/bin/env bash
# usage: store_kill_test.sh STORE_KILL [ROUNDS [SEED]]
set -euo pipefail
# A killed process loses nothing that the kernel has in memory, so the fastest file system is enough.
out=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)")
trap 'rm -rf "$out"' EXIT
"$1" "$out" "${2:-50}" "${3:-1}"
