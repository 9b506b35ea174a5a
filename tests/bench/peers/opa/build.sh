#!/usr/bin/env bash
# usage: build.sh OUT      leaves OUT/peer; exit code 77 without go
set -euo pipefail
command -v go >/dev/null || { echo "skipped: no go"; exit 77; }
cd "$(dirname "$0")"
go build -o "$1/peer" .
