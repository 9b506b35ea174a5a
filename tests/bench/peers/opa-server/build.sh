#!/usr/bin/env bash
# OPA's own program, with its server.
# usage: build.sh OUT      leaves OUT/server; exit code 77 without go
set -euo pipefail
command -v go >/dev/null || { echo "skipped: no go"; exit 77; }
cd "$(dirname "$0")"
go build -o "$1/server" github.com/open-policy-agent/opa
