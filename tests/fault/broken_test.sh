#!/usr/bin/env bash
# What a command relies on is broken: a bundle that is cut short.
# usage: tests/fault/broken_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/checks.sh
cp -r examples/refund "$work/base"
cd "$work"
permit=base/requests/permit.json

ends "a bundle" 0 compile base --output whole.bundle
head -c 2000 whole.bundle >cut.bundle
for verb in eval explain "search --open tool"; do
    # shellcheck disable=SC2086
    ends "a bundle cut short: $verb" 3 $verb cut.bundle --request "$permit"
    check "a bundle cut short: $verb, says so" err_has "error[B"
    check "a bundle cut short: $verb, no answer" [ ! -s out ]
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
