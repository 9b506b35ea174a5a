#!/usr/bin/env bash
# One bundle used by many threads gives the same decisions as in one thread.
# usage: threads_test.sh WRIT THREADS
set -euo pipefail
writ=$1 threads=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for example in refund delete-bucket subagent; do
    "$writ" compile "$root/examples/$example" --output "$out/$example.bundle" >/dev/null
    "$threads" "$out/$example.bundle" "$root/examples/$example"/requests/*.json
done
