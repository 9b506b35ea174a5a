#!/usr/bin/env bash
# `writ test --watch` runs again when a policy, a new file or a data file changes, and returns the result of the last run.
# usage: tests/cli/watch_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
. tests/checks.sh
watching=''
trap '[ -n "$watching" ] && kill "$watching" 2>/dev/null; rm -rf "$work"' EXIT
cp -r examples/refund "$work/policy"
policy=$work/policy

runs() { grep -c '^[0-9]* passed, ' "$work/watched"; }
until_runs() {  # until_runs COUNT: waits for so many, ten seconds at most
    for _ in $(seq 100); do [ "$(runs)" -ge "$1" ] && return 0; sleep 0.1; done
    return 1
}
start() { "$writ" test --watch "$policy" >"$work/watched" 2>"$work/err" & watching=$!; }
stop() { kill -s "$1" "$watching"; wait "$watching"; code=$?; watching=''; }
: >"$work/out"
start
check "watch: runs at once" until_runs 1
sleep 0.5
check "watch: and not again for nothing" [ "$(runs)" = 1 ]
printf '\n// changed\n' >>"$policy/policy.writ"
check "watch: a policy that changes" until_runs 2
printf 'module acme.support\ntest "new" { given small expect deny }\n' >"$policy/new.writ"
check "watch: a file that is new" until_runs 3
check "watch: what is in it counts" grep -q '^FAIL new' "$work/watched"
request=$(ls "$policy"/requests/permit.json)
sed -i 's/"amount": *[0-9.]*/"amount": 41/' "$request"
check "watch: a data file that changes" until_runs 4
check "watch: clears nothing where there is no terminal" not grep -q "$(printf '\033')" "$work/watched"
check "watch: says what changed" err_has "permit.json changed"
stop INT
check "watch: ends as the last run did, failed" [ "$code" = 1 ]
start
check "watch: again" until_runs 1
echo 'deny' >"$policy/new.writ"
for _ in $(seq 100); do err_has 'error[E' && break; sleep 0.1; done
check "watch: an invalid policy is told of, and watched on" err_has 'error[E'
rm "$policy/new.writ"
check "watch: a file that goes" until_runs 2
stop TERM
check "watch: ends as the last run did, passed" [ "$code" = 0 ]

# Several policies: a file that one of them has from elsewhere, and manifests.
policy=$work/many
mkdir -p "$policy/refund" "$policy/snow" "$work/shared"
cp -r examples/refund/. "$policy/refund"
cp -r examples/snowflake/. "$policy/snow"
echo 'module acme.shared' >"$work/shared/names.writ"
echo '{ "sources": [".", "../../shared"] }' >"$policy/snow/writ.json"
echo '{}' >"$policy/refund/writ.json"
runs() { grep -c '^all policies: ' "$work/watched"; }
start
check "watch: several policies" until_runs 1
echo '// changed' >>"$work/shared/names.writ"
check "watch: a source outside the path" until_runs 2
echo '{ "layer": [] }' >"$policy/refund/writ.json"
check "watch: a manifest that changes" until_runs 3
check "watch: and is not valid" err_has 'error[F0008'
echo '{}' >"$policy/refund/writ.json"
check "watch: a manifest that is mended" until_runs 4
stop TERM
check "watch: several policies passed" [ "$code" = 0 ]

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
