#!/usr/bin/env bash
# Installs missing packages on Debian 12: with `build`, those for building `writ`; with `browser`, the browser that tests the
# console; with neither, those for building and all other tests.
# usage: tests/setup.sh [build|browser]
set -euo pipefail

packages=(g++ meson ninja-build pkg-config python3 tzdata antlr4 libantlr4-runtime-dev libfmt-dev nlohmann-json3-dev
    libexpected-dev libcli11-dev libre2-dev libsimdjson-dev libssl-dev libsodium-dev libsqlite3-dev libxxhash-dev)
[ "${1:-}" = build ] || packages+=(libboost1.81-dev libcurl4-openssl-dev openssl curl gcc ccache git doctest-dev libbenchmark-dev valgrind clang-format-19 clang-tidy-19
    zsh fish groff-base mandoc python3-jsonschema dpkg-dev)
[ "${1:-}" != browser ] || packages=(chromium fonts-dejavu-core)

missing=()
for package in "${packages[@]}"; do
    if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep 'install ok installed' >/dev/null; then
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
