#!/usr/bin/env bash
# `writ fmt` lays out a policy of 10,000 rules, and then has nothing more to do.
# usage: tests/cli/fmt_large_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
. tests/checks.sh
{
    echo 'tier read'
    for i in $(seq 10000); do
        printf 'permit rule_%s for tool t when token.issuer is ci and tenant == "tenant-%s" and params.amount <= %s.00 grant { "use" } for 5m\n' "$i" "$i" "$i"
    done
} >"$work/many.writ"
ends "10,000 rules" 0 fmt "$work/many.writ"
check "10,000 rules: in style" [ "$(wc -l <"$work/many.writ")" = 50001 ]
ends "10,000 rules: again" 0 fmt --check "$work/many.writ"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
