#!/usr/bin/env bash
# The broker program evaluates a sealed bundle and contains no compiler, no ANTLR and no RE2.
# usage: link_test.sh WRIT BROKER
set -euo pipefail
writ=$1 broker=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

"$writ" compile "$root/examples/refund" --output "$out/refund.bundle" >/dev/null
"$broker" "$out/refund.bundle" "$root/examples/refund/requests/permit.json" | grep '"effect":"permit"' >/dev/null

if ldd "$broker" | grep -iE 'antlr|re2'; then echo "the broker links what only the compiler needs"; exit 1; fi
if nm -C "$broker" | grep -E ' writ::(syntax|pattern|check|compiler|reference|lint|explain|diff|testing)::'; then echo "the broker holds the compiler"; exit 1; fi
# The same check finds both in `writ` itself, which shows that it works.
ldd "$writ" | grep -i antlr >/dev/null
ldd "$writ" | grep -i re2 >/dev/null
nm -C "$writ" | grep -E ' writ::(syntax|check|compiler)::' >/dev/null
