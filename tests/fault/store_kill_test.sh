#!/usr/bin/env bash
# usage: store_kill_test.sh STORE_KILL [ROUNDS [SEED]]
set -euo pipefail
# A process that is killed loses nothing that is in memory of the kernel: the fastest place will do.
out=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)")
trap 'rm -rf "$out"' EXIT
"$1" "$out" "${2:-50}" "${3:-1}"
