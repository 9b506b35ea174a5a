#!/usr/bin/env bash
# `writ explain` explains every code and every reason: with its page, or with its row and the name of that row's page.
# usage: tests/cli/explain_codes_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
. tests/checks.sh

# A page, or a row without the table's lines, with the name of the page that has it.
tells() {  # tells CODE
    local page
    head -n 1 "$work/out" | grep -q "^# $1: ." && return
    page=$(sed -n '$s/^\(docs\/[a-z-]*\.md\) says more\.$/\1/p' "$work/out")
    [ -n "$page" ] && grep -q "^| \`*$1\`* *|" "$page" && head -n 1 "$work/out" | grep -q "^$1: [^ ]" && not grep -q '|$' "$work/out"
}
: >"$work/out"
: >"$work/err"
words=$(sed -nE 's/^(ERROR|REASON)\((\w+),.*/\2/p' engine/include/writ/errors.def engine/base/reasons.def)
check "codes of every family" [ "$(cut -c1 <<<"$words" | grep "[A-Z]" | sort -u | tr -d "\n")" = BCEFGHKQSW ]
for word in $words; do
    ends "$word" 0 explain "$word"
    check "$word: its page, or its row and the page that has it" tells "$word"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
