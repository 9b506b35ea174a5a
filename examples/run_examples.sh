#!/usr/bin/env bash
# Runs every example: the policy's own tests, the lints, then each request of its `expected` file.
# usage: examples/run_examples.sh WRIT
set -euo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")"

failed=0
fail() { echo "FAIL $1" >&2; failed=$((failed + 1)); }

for expected in */expected; do
    example=${expected%/expected}
    "$writ" test "$example" >/dev/null || fail "$example: its own tests"
    "$writ" lint "$example" --fail-on warning --format short || fail "$example: lints"
    listed=0
    while read -r request code effect text; do
        case $request in '' | '#'*) continue ;; esac
        listed=$((listed + 1))
        got=0
        answer=$("$writ" eval "$example" --request "$example/requests/$request.json" --format json) || got=$?
        if [ "$got" = "$code" ] && [[ $answer == *"\"effect\":\"$effect\""* && $answer == *"\"$text\""* ]]; then
            echo "ok   $example/$request: $effect, $text"
        else
            fail "$example/$request: exit $got, expected $code, $effect and $text in $answer"
        fi
    done <"$expected"
    # Every request must have an expectation.
    [ "$listed" = "$(ls "$example"/requests/*.json | wc -l)" ] || fail "$example: requests and expected differ"
done
[ "$failed" = 0 ]
