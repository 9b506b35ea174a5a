#!/usr/bin/env bash
# Replaces policies while a pair of threads decides with them. See reload.cpp.
# usage: reload_test.sh WRIT RELOAD [RELOADS]
set -euo pipefail
writ=$1 reload=$2 reloads=${3:-300}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for minutes in 1 2 3 4 5; do
    cat >"$out/p$minutes.writ" <<END
tier read < write
claims k8s { sub: string }
issuer prod: k8s "https://issuer.example" { audience "broker" }
tool lookup { tier read  audience "https://data.example"  scopes { "data:read" }  params { } }
permit p for tool lookup when token.issuer is prod grant { "data:read" } for ${minutes}m
END
    "$writ" compile "$out/p$minutes.writ" --output "$out/$minutes.bundle" >/dev/null
done
"$reload" "$out" "$reloads" "$out"/[1-5].bundle
