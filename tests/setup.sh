#!/usr/bin/env bash
# Installs what a build needs on Debian 12, and nothing if it is all there.
# usage: tests/setup.sh [build|test]   (test adds what only the tests use)
set -euo pipefail

packages=(g++ meson ninja-build pkg-config ccache antlr4 libantlr4-runtime-dev libfmt-dev
    nlohmann-json3-dev libsqlite3-dev libexpected-dev libcli11-dev libre2-dev libsodium-dev
    python3 tzdata)
if [ "${1:-build}" = test ]; then
    packages+=(doctest-dev libbenchmark-dev)
fi

missing=()
for package in "${packages[@]}"; do
    if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
        missing+=("$package")
    fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: run as root, or install sudo; needed: ${missing[*]}" >&2; exit 4; }
    root=(sudo)
fi
echo "setup: installing ${missing[*]}" >&2
"${root[@]}" apt-get update -qq >&2
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
