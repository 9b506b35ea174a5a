#!/usr/bin/env bash
# Runs every example: the policy's own tests, of which some must notice every small change of a rule; the lints; then each request of
# its `expected` file.
# usage: examples/run_examples.sh WRIT
set -euo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")"

failed=0
fail() { echo "FAIL $1" >&2; failed=$((failed + 1)); }

for expected in */expected */*/expected; do
    example=${expected%/expected}
    # All policies of the example, if there are several.
    whole=${example%%/*}
    "$writ" test "$whole" --mutate >/dev/null || fail "$whole: its own tests, or a change that none of them notices"
    "$writ" lint "$whole" --fail-on warning --format short || fail "$whole: lints"
    # Several policies share their requests.
    requests=$example/requests
    [ -d "$requests" ] || requests=$whole/shared/requests
    listed=0
    while read -r request code effect text; do
        case $request in '' | '#'*) continue ;; esac
        listed=$((listed + 1))
        got=0
        answer=$("$writ" eval "$example" --request "$requests/$request.json" --format json) || got=$?
        if [ "$got" = "$code" ] && [[ $answer == *"\"effect\":\"$effect\""* && $answer == *"\"$text\""* ]]; then
            echo "ok   $example/$request: $effect, $text"
        else
            fail "$example/$request: exit $got, expected $code, $effect and $text in $answer"
        fi
    done <"$expected"
    # Every request must have an expectation.
    [ "$listed" = "$(ls "$requests"/*.json | wc -l)" ] || fail "$example: requests and expected differ"
done
"$writ" test company --threshold 100 >/dev/null || fail "company: its tests do not see every condition in every way"
[ "$failed" = 0 ]
