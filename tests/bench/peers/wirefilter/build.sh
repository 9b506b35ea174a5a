#!/usr/bin/env bash
# usage: build.sh OUT      leaves OUT/peer; exit code 77 without cargo
set -euo pipefail
command -v cargo >/dev/null || { echo "skipped: no cargo"; exit 77; }
cd "$(dirname "$0")"
CARGO_TARGET_DIR=$1 cargo build --release -j2
ln -sf release/peer-wirefilter "$1/peer"
