#!/usr/bin/env bash
# Exit codes and output streams of the program: a failure must never look like success.
# usage: tests/fault/cli_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset NO_COLOR

policy=examples/refund
permit=$policy/requests/permit.json
. tests/fault/checks.sh

# Results on stdout, and exit codes.
ends "check" 0 check "$policy"
check "check: what it says" grep -Eq '^ok: [0-9]+ rules?, step bound [0-9]+, digest [0-9a-f]{64}$' "$work/out"
ends "permit" 0 eval "$policy" --request "$permit"
check "permit: effect first" [ "$(head -n 1 "$work/out")" = permit ]
ends "deny" 1 eval "$policy" --request "$policy/requests/deny.json"
check "deny: effect first" [ "$(head -n 1 "$work/out")" = deny ]
ends "needs approval" 1 eval "$policy" --request "$policy/requests/needs_approval.json"
approval=examples/delete-bucket
run eval "$approval" --request "$approval/requests/needs_approval_expired.json"
check "needs approval: what does not count" out_has "not counted: approval_expired"
run eval "$policy" --request <(sed 's/"amount": *[0-9.]*,//' "$permit")
check "a missing fact: said of the permit" grep -Eq 'fact_missing: permit refund_current_tenant at .* is not known to apply: a fact that it reads is missing$' "$work/out"
run eval "$policy" --request <(sed 's/"tenant": "broker",//' "$permit")
check "a fact that must be stated" out_has "fact_missing: tenant is not stated, or its provenance is too weak"
run eval "$policy" --request <(sed 's/"roles": *\[[^]]*\],//' "$permit")
check "a missing fact: said of the deny" out_has "fact_missing: not known to apply: a fact that it reads is missing"
check "a deny: named once" [ "$(grep -c user_not_authorized "$work/out")" = 1 ]
ends "explain a permit" 0 explain "$policy" --request "$permit"
check "explain a permit: what set the ttl" grep -Eq '^  2m +permit refund_current_tenant$' "$work/out"
ends "explain a deny" 0 explain "$policy" --request "$policy/requests/deny_no_role.json"
check "explain a deny: effect first" [ "$(head -n 1 "$work/out")" = "deny user_not_authorized" ]
check "explain a deny: the smallest change" out_has 'user.roles  ["tickets"] -> ["tickets","refunds"]'
check "explain a deny: no colour into a file" not grep -q "$(printf '\033')" "$work/out"
check "explain a deny: plain ASCII" not grep -qP '[^\x00-\x7F]' "$work/out"
ends "explain, coloured" 0 --color=always explain "$policy" --request "$permit"
check "explain, coloured: it is" grep -q "$(printf '\033')" "$work/out"
ends "explain a wait" 0 explain "$policy" --request "$policy/requests/needs_approval.json"
check "explain a wait: what would come of it" out_has 'once approved: permit { "refund:create" } for 2m'
ends "explain a rule" 0 explain "$policy" --request "$permit" --rule large_refund_approval
check "explain a rule: what it saw" grep -Eq 'params.amount > 500.00 +is 40$' "$work/out"
ends "explain no rule" 2 explain "$policy" --request "$permit" --rule large_refund_aproval
check "explain no rule: did you mean" err_has 'did you mean `large_refund_approval`?'
ends "explain as JSON" 0 explain "$policy" --request "$permit" --format json
check "explain as JSON: one line" [ "$(wc -l <"$work/out")" = 1 ]
check "explain as JSON: schema version first" [ "$(head -c 18 "$work/out")" = '{"schema_version":' ]
# Every code and reason: its page, or its table row without the table's lines, with the name of the page.
tells() {  # tells CODE
    local page
    head -n 1 "$work/out" | grep -q "^# $1: ." && return
    page=$(sed -n '$s/^\(docs\/[a-z-]*\.md\) says more\.$/\1/p' "$work/out")
    [ -n "$page" ] && grep -q "^| \`*$1\`* *|" "$page" && head -n 1 "$work/out" | grep -q "^$1: [^ ]" && not grep -q '|$' "$work/out"
}
words=$(sed -nE 's/^(ERROR|REASON)\((\w+),.*/\2/p' engine/include/writ/errors.def engine/base/reasons.def)
check "explain: codes of every family" [ "$(cut -c1 <<<"$words" | grep "[A-Z]" | sort -u | tr -d "\n")" = BCEFGKQSW ]
for word in $words; do
    ends "explain $word" 0 explain "$word"
    check "explain $word: its page, or its row and the page that has it" tells "$word"
done
ends "explain a code that is none" 1 explain S9999
ends "explain a code" 0 explain E0203
check "explain a code: its page" grep -q '^# E0203: ' "$work/out"
ends "explain a code there is not" 1 explain E0999
ends "explain a code, with a request" 2 explain E0203 --request "$permit"
ends "explain without a request" 2 explain "$policy"
printf '{' >"$work/half.json"
ends "explain a bad request" 3 explain "$policy" --request "$work/half.json"
check "explain a bad request: nothing on stdout" [ ! -s "$work/out" ]
ends "explain a bad request, as JSON" 3 explain "$policy" --request "$work/half.json" --format json
check "explain a bad request: error" grep -q '^{"schema_version":1,"error":' "$work/out"
ends "explain: a missing request" 4 explain "$policy" --request "$work/none.json"
sed 's/"refund-agent",/"refund\\u001b[2J",/' "$permit" >"$work/escape.json"
run explain "$policy" --request "$work/escape.json"
check "explain: escapes in a request are not obeyed" not grep -q "$(printf '\033')" "$work/out"
ends "search" 0 search "$policy" --request "$permit" --open tool
check "search: the answer" grep -Eq '^always +refund +refund:create$' "$work/out"
ends "search: if approved" 0 search "$policy" --request "$policy/requests/needs_approval.json" --open scope
check "search: if approved, says so" grep -q '^if approved' "$work/out"
ends "search: nobody may" 1 search "$policy" --request "$policy/requests/deny.json" --open tool
check "search: never" grep -q '^never ' "$work/out"
echo '["refund-agent", {"id": "x"}]' >"$work/agents.json"
ends "search: agents" 0 search "$policy" --request "$permit" --open agent --candidates "$work/agents.json" --layer "$policy"
check "search: for want of facts" grep -q '^never yet' "$work/out"
ends "search: as JSON" 0 search "$policy" --request "$permit" --open agent --candidates "$work/agents.json" --format json
check "search: as JSON, answers" grep -q '"name":"x","answer":"never","scopes":\[\],"wants_facts":true' "$work/out"
ends "search: agents must be given" 2 search "$policy" --request "$permit" --open agent
ends "search: a field that cannot be open" 2 search "$policy" --request "$permit" --open user
: >"$work/empty.json"
for candidates in empty.json bad.writ; do
    [ -e "$work/$candidates" ] || echo nonsense >"$work/$candidates"
    ends "search: candidates in $candidates" 3 search "$policy" --request "$permit" --open tool --candidates "$work/$candidates"
    check "search: candidates in $candidates, no answer" [ ! -s "$work/out" ]
done
ends "search: no candidates file" 4 search "$policy" --request "$permit" --open tool --candidates "$work/none.json"
ends "search: a bad request, as JSON" 3 search "$policy" --request "$work/empty.json" --open tool --format json
check "search: error, no items" grep -q '^{"schema_version":1,"error":' "$work/out"
ends "test" 0 test "$policy"
check "test: invariants" grep -Eq '^invariants: 1 checked on [0-9]+ requests \(not proved\)$' "$work/out"
cat "$policy/policy.writ" - >"$work/invariant.writ" <<END
invariant nothing_small: never permit when params_small
define params_small = tool.name == "refund" and user is some and want.ttl < 2m
invariant nothing_written: never permit when tool.tier >= write
END
mkdir -p "$work/requests"
cp "$policy"/requests/*.json "$work/requests/"
ends "test: an invariant that a test breaks" 1 test "$work/invariant.writ"
check "test: names invariant and test" out_has "FAIL invariant nothing_written on a refund in the current tenant"
check "test: an invariant that nothing tries" out_has "note invariant nothing_small: its condition is true for none of these requests"
ends "test: as JSON" 1 test "$work/invariant.writ" --format json
check "test: as JSON, invariants" grep -Eq '"invariants":\{"checked":3,"requests":[0-9]+,"untried":\["nothing_small"\]\}' "$work/out"
ends "test: a filter" 0 test "$work/invariant.writ" --filter "another tenant"
check "test: a filter, no notes" not out_has "note invariant"
ends "filter that matches nothing" 1 test "$policy" --filter "no such test"
ends "compile" 0 compile "$policy" --output "$work/refund.bundle"
check "compile: the bundle is there" grep -q WRITBNDL "$work/refund.bundle"
ends "a bundle: permit" 0 eval "$work/refund.bundle" --request "$permit" --format json
cp "$work/out" "$work/by_bundle"
run eval "$policy" --request "$permit" --format json
check "a bundle: decides as its policy" cmp -s "$work/out" "$work/by_bundle"
ends "a bundle: search" 0 search "$work/refund.bundle" --request "$permit" --open tool --layer "$work/refund.bundle"
check "a bundle: search, the answer" grep -Eq '^always +refund ' "$work/out"
ends "a bundle: explain" 0 explain "$work/refund.bundle" --request "$policy/requests/deny_no_role.json"
check "a bundle: explain, from its sources" out_has 'user.roles contains "refunds"'
check "a bundle: explain, of this version" not err_has "another version"
head -c 2000 "$work/refund.bundle" >"$work/cut.bundle"
for verb in eval explain "search --open tool"; do
    # shellcheck disable=SC2086
    ends "a bundle cut short: $verb" 3 $verb "$work/cut.bundle" --request "$permit"
    check "a bundle cut short: $verb, says so" err_has "error[B"
done
ends "compile: to standard output" 0 compile "$policy" --output -
check "compile: to standard output, all of it" cmp -s "$work/out" "$work/refund.bundle"
check "compile: to standard output, the summary beside" err_has "digest"
check "compile: no file of that name" [ ! -e ./- ]
ends "compile: into a folder that is not there" 4 compile "$policy" --output "$work/none/refund.bundle"
check "compile: names the file" err_has "$work/none/refund.bundle"
printf 'permit p when nothing_known grant { "a" } for 1m\n' >"$work/bad.writ"
ends "compile: an invalid policy" 3 compile "$work/bad.writ" --output "$work/refund.bundle"
check "compile: says what is wrong" err_has "error[E"
check "compile: the old bundle stays" grep -q WRITBNDL "$work/refund.bundle"
ends "version" 0 --version
check "version: on stdout" grep -Eq '^writ [0-9]+\.[0-9]+\.[0-9]+$' "$work/out"
ends "help" 0 eval --help
check "help: on stdout" out_has --request
ends "json" 0 eval "$policy" --request "$permit" --format json
check "json: one line" [ "$(wc -l <"$work/out")" = 1 ]
check "json: schema version first" [ "$(head -c 18 "$work/out")" = '{"schema_version":' ]
cp "$work/out" "$work/compiled"
ends "reference" 0 eval "$policy" --request "$permit" --reference
check "reference: same answer" cmp -s "$work/out" "$work/compiled"
ends "caller" 1 eval "$policy" --request "$policy/requests/deny.json" --for caller
check "caller: learns no file" not out_has policy.writ
ends "layers" 0 eval "$policy" --layer "$policy" --request "$permit"
for form in tokens ast typed bytecode; do
    ends "dump $form" 0 check "$policy" --dump=$form
    check "dump $form: prints" [ -s "$work/out" ]
done
"$writ" eval "$policy" --request - <"$permit" >"$work/out" 2>"$work/err"
check "standard input" [ $? = 0 ]

# Usage.
ends "no verb" 2
ends "unknown verb" 2 chekc "$policy"
ends "no path" 2 check
ends "no request" 2 eval "$policy"
ends "unknown format" 2 check "$policy" --format yaml
ends "short is for check" 2 eval "$policy" --request "$permit" --format short
ends "reference has no layers" 2 eval "$policy" --request "$permit" --reference --layer "$policy"
ends "dump is not JSON" 2 check "$policy" --dump=ast --format json
ends "unknown kind" 2 request --claims /dev/null --issuer-kind nobody
check "unknown kind: says so" err_has K0001

# Invalid policies and requests: nothing on stdout that looks like a decision.
ends "invalid policy" 3 check "$work/bad.writ"
check "invalid policy: on stderr" err_has "error[E"
check "invalid policy: points" err_has "--> $work/bad.writ:1:"
check "invalid policy: nothing on stdout" [ ! -s "$work/out" ]
ends "invalid policy, short" 3 check "$work/bad.writ" --format short
check "short: one line a finding" grep -Eq '^.*bad\.writ:1:[0-9]+: error: .* \[E[0-9]{4}\]$' "$work/err"
ends "invalid policy, json" 3 check "$work/bad.writ" --format json
check "json: not ok" out_has '"ok":false'
ends "eval of an invalid policy" 3 eval "$work/bad.writ" --request "$permit"
check "eval of an invalid policy: no result" [ ! -s "$work/out" ]
for text in '{' '{"nonsense":1}' '' '{"now":1,"now":2}' '[]'; do
    printf '%s' "$text" >"$work/bad.json"
    ends "request '$text'" 3 eval "$policy" --request "$work/bad.json"
    check "request '$text': code and path" grep -Eq '^error\[Q[0-9]{4}\]: ' "$work/err"
    check "request '$text': path" err_has " at \$"
    check "request '$text': no result" [ ! -s "$work/out" ]
    ends "request '$text' as JSON" 3 eval "$policy" --request "$work/bad.json" --format json
    check "request '$text': error, no effect" out_has '"error":'
    check "request '$text': no permit" not out_has permit
done
ends "request cut short" 3 eval "$policy" --request <(head -c 200 "$permit")
ends "reference of a bad request" 3 eval "$policy" --request "$work/bad.json" --reference
head -c 70000 /dev/zero | tr '\0' ' ' >"$work/large.json"
ends "request too large" 3 eval "$policy" --request "$work/large.json"
check "request too large: says so" err_has Q0002
ends "endless request" 3 eval "$policy" --request /dev/zero

# Invalid command lines: the error and the suggestion.
ends "no verb" 2
check "no verb: says so" err_has "needs a verb after it"
ends "a slip in a verb" 2 tset "$policy"
check "a slip in a verb: did you mean" err_has '`writ` has no verb `tset`; did you mean `test`?'
ends "a slip in a verb's verb" 2 store pblish
check "a slip in a verb's verb: did you mean" err_has 'did you mean `publish`?'
ends "a slip in an option" 2 fmt --chek "$policy"
check "a slip in an option: did you mean" err_has '`writ fmt` has no option `--chek`; did you mean `--check`?'
ends "a slip in an option that has to be" 2 gate --bse main
check "a slip in an option that has to be: did you mean" err_has 'did you mean `--base`?'
ends "nothing like it" 2 check --zzzzzz "$policy"
check "nothing like it: no guess" not err_has "did you mean"
ends "an argument too many" 2 completion bash fish
check "an argument too many: named" err_has '`fish`'
ends "a value is missing" 2 gate --base
check "a value is missing: of what" err_has "--base: a value is required"
ends "a value twice" 2 eval "$policy" --request a --request b
check "a value twice: of what" err_has "--request: is given more than once"
ends "none of the words" 2 test "$policy" --format xml
check "none of the words: all of them" err_has "must be human, json, junit or tap, not \`xml\`"
ends "not the number of a word" 2 test "$policy" --format 1
ends "not in the range" 2 test "$policy" --threshold 200
check "not in the range: which" err_has "must be a number from 0 to 100, not \`200\`"
ends "not a number" 2 test "$policy" --jobs many
check "where help is" err_has 'Run `writ test --help`'
ends "explain what is no lint" 2 explain mised-tiers
check "explain what is no lint: did you mean" err_has '`mixed-tiers`'
for verb in "" new check compile fmt lint test explain diff gate eval search request ledger replay store keys completion; do
    ends "help: $verb" 0 $verb --help
    check "help fits 80 columns: $verb" not grep -qE '^.{81}' "$work/out"
done
ends "help of an argument" 0 ledger why --help
check "help of an argument: its name" grep -qE '^  ID  +A decision' "$work/out"
check "help: no word twice" not grep -qE '^  ([A-Z]+) \1' "$work/out"

printf 'import std.kubernets\n' >"$work/slip.writ"
ends "a slip in a standard module" 3 check "$work/slip.writ"
check "a slip in a standard module: did you mean" err_has 'did you mean `std.kubernetes`?'

# Files and streams.
ends "missing policy" 4 check "$work/no.writ"
check "missing policy: named" err_has "$work/no.writ"
ends "missing request" 4 eval "$policy" --request "$work/no.json"
check "missing request: named" err_has "$work/no.json"
check "missing request: no result" [ ! -s "$work/out" ]
ends "missing layer" 4 eval "$policy" --layer "$work/no" --request "$permit"
ends "missing claims" 4 request --claims "$work/no.json" --issuer-kind github
mkdir "$work/empty"
ends "folder without policies" 4 check "$work/empty"
ends "request is a folder" 4 eval "$policy" --request "$work/empty"
printf 'table t = csv "no.csv" { a: string }\n' >"$work/table.writ"
ends "missing data file" 3 check "$work/table.writ"
check "missing data file: named" err_has no.csv
(cd "$work" && "$writ" check table.writ) >"$work/out" 2>"$work/err"
check "missing data file, beside a policy without a folder" err_has "no such file"
for verb in "explain E0203" "explain $policy --request $permit" "search $policy --request $permit --open tool" "check $policy" "eval $policy --request $permit" "eval $policy --request $permit --format json" "test $policy" "--version"; do
    # shellcheck disable=SC2086
    "$writ" $verb >/dev/full 2>"$work/err"
    check "full disk: $verb" [ $? = 4 ]
    # shellcheck disable=SC2086
    "$writ" $verb >&- 2>"$work/err"
    check "closed stdout: $verb" [ $? = 4 ]
    # shellcheck disable=SC2086
    { "$writ" $verb 2>"$work/err"; echo $? >"$work/code"; } | true
    check "closed pipe: $verb" [ "$(cat "$work/code")" != 70 ]
done
mkfifo "$work/pipe"
( exec 3<"$work/pipe"; exec 3<&- ) &
( sleep 0.3; exec "$writ" eval "$policy" --request "$permit" ) >"$work/pipe" 2>"$work/err"
check "reader gone: not success" [ $? = 4 ]
wait

# Colour.
escape=$(printf '\033')
has_colour() { grep -qF "$escape" "$work/err"; }
run check "$work/bad.writ"
check "no colour into a file" not has_colour
run --color=always check "$work/bad.writ"
check "colour if asked for" has_colour
run check "$work/bad.writ" --color=always
check "colour after the verb" has_colour
NO_COLOR=1 run check "$work/bad.writ" --color=always
check "asking beats NO_COLOR" has_colour
if command -v script >/dev/null; then
    on_terminal() { script -qec "$* '$writ' check $work/bad.writ" /dev/null >"$work/err" 2>&1 </dev/null; }
    on_terminal env TERM=xterm
    check "colour on a terminal" has_colour
    on_terminal env TERM=xterm NO_COLOR=1
    check "NO_COLOR" not has_colour
    on_terminal env TERM=dumb
    check "TERM=dumb" not has_colour
    on_terminal env TERM=xterm NO_COLOR=
    check "an empty NO_COLOR is none" has_colour
fi
printf 'permit p\xff when \x1b]0;x\x07 grant { "a" } for 1m\n' >"$work/escape.writ"
run check "$work/escape.writ"
check "escapes in a policy are not obeyed" not has_colour

# Quiet: only errors on stderr, no line on stdout that only reports success; the same exit codes.
ends "quiet check" 0 --quiet check "$policy"
check "quiet check: says nothing" [ ! -s "$work/out" ] && check "quiet check: nor on stderr" [ ! -s "$work/err" ]
cat "$policy/policy.writ" - >"$work/warned.writ" <<<'define nobody_uses_this = run.background'
ends "a warning" 0 check "$work/warned.writ"
check "a warning: is told of" err_has 'warning[W'
for verb in check "eval --request $permit" test; do
    # shellcheck disable=SC2086
    ends "quiet $verb, with a warning" 0 -q $verb "$work/warned.writ"
    check "quiet $verb, with a warning: not told of" [ ! -s "$work/err" ]
done
ends "quiet eval" 1 eval -q "$policy" --request "$policy/requests/deny.json"
check "quiet eval: answers" [ "$(head -n 1 "$work/out")" = deny ]
ends "quiet check, invalid" 3 -q check "$work/bad.writ"
check "quiet check, invalid: says why" err_has 'error[E'
ends "quiet check as JSON" 0 -q check "$policy" --format json
check "quiet check as JSON: all of it" out_has '"ok":true'
ends "quiet, a missing file" 4 -q check "$work/none"
check "quiet, a missing file: says so" err_has "$work/none"

# Every verb has a heading in the help.
ends "help" 0 --help
check "help: headings" out_has "Write policies:"
check "help: no verb without one" not out_has "Subcommands:"

# Requests from claims.
printf '{"iss":"https://token.actions.githubusercontent.com","aud":"a","repository":"acme/app"}' >"$work/claims.json"
ends "request from claims" 0 request --claims "$work/claims.json" --issuer-kind github --now 1790000000
check "request from claims: now" out_has '"now": 1790000000'
check "request from claims: nothing invented" not out_has credential_kind
check "request from claims: only asserted" out_has '"token": "asserted"'
check "request from claims: which facts are lacking" err_has "agent.id"
check "request from claims: and that it is asserted" err_has "--assume-verified"
printf '{"provenance": "broker", "token": {"credential_kind": "federated"}, "run": {"id": "r-1"}}' >"$work/labelled.json"
ends "request with one label" 0 request --claims "$work/claims.json" --issuer-kind github --assume-verified --facts "$work/labelled.json"
check "request with one label: the token is lowered" out_has '"token": "broker"'
check "request with one label: and that is said" err_has 'all of the token counts as broker'
sed -i 's/"broker"/{"token": "verified", "run": "broker"}/' "$work/labelled.json"
ends "request with a label for each group" 0 request --claims "$work/claims.json" --issuer-kind github --assume-verified --facts "$work/labelled.json"
check "request with a label for each group: no such note" not err_has 'counts as broker'
ends "request from claims, verified" 0 request --claims "$work/claims.json" --issuer-kind github --assume-verified
check "request from claims, verified: says so" out_has '"token": "verified"'
printf '{"agent":{"id":"a"},"provenance":"broker"}' >"$work/facts.json"
ends "request with facts" 0 request --claims "$work/claims.json" --issuer-kind github --facts "$work/facts.json" --policy "$policy"
check "request with facts: there" out_has '"id": "a"'
check "request with facts: not lacking" not err_has "agent.id"
check "request with facts: an issuer that the policy does not have" err_has "does not declare the issuer"
ends "request, quiet" 0 -q request --claims "$work/claims.json" --issuer-kind github
check "request, quiet: no notes" [ ! -s "$work/err" ]
ends "a policy that is none" 3 request --claims "$work/claims.json" --issuer-kind github --policy "$work/bad.writ"
printf '{"iss":"x","unheard_of":1}' >"$work/odd.json"
ends "a claim that no schema declares" 0 request --claims "$work/odd.json" --issuer-kind github
check "a claim that no schema declares: which" err_has '$.unheard_of'
printf '{"repository":7}' >"$work/claims.json"
ends "claims that do not fit" 3 request --claims "$work/claims.json" --issuer-kind github
check "claims that do not fit: path" err_has "claims.json: \$.repository"

# Counts in words.
{ cat "$policy"/policy.writ
  echo 'fixture refused = small with want.ttl = "soon"'
  for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "test \"t$n\" { given refused expect permit }"; done; } >"$work/many.writ"
cp -r "$policy"/*.csv "$policy"/requests "$work" 2>/dev/null
ends "tests that cannot be explained" 1 test "$work/many.writ"
check "tests that cannot be explained: not counted as explained" not out_has "first 0"

# No source can replace a module of the standard library, for any verb.
mkdir "$work/replaced"
printf 'import std.baseline\n\ntier read < write\n' >"$work/replaced/policy.writ"
ends "the baseline" 0 check "$work/replaced"
check "the baseline: its rules" grep -Eq '^ok: 1[0-9] rules' "$work/out"
printf 'module std.baseline\n' >"$work/replaced/baseline.writ"
for verb in check test lint "compile --output $work/replaced.bundle" "eval --request $permit" "gate --base none"; do
    # shellcheck disable=SC2086
    ends "a standard module replaced: ${verb%% *}" 3 $verb "$work/replaced"
    # A gate reports it on standard output, with its other findings.
    check "a standard module replaced: ${verb%% *}: file" grep -qF "replaced/baseline.writ:1:8" "$work/out" "$work/err"
    check "a standard module replaced: ${verb%% *}: code" grep -qF "E0210" "$work/out" "$work/err"
done
check "a standard module replaced: no bundle" [ ! -e "$work/replaced.bundle" ]

# A mistake repeated 200 times.
{ printf 'tier read\n'; for i in $(seq 200); do printf 'deny d%s when rnu.state == paused\n' "$i"; done; } >"$work/often.writ"
ends "a mistake made often" 3 check "$work/often.writ"
check "a mistake made often: once" [ "$(grep -c '^error' "$work/err")" = 1 ]
check "a mistake made often: how often" err_has "199 more places"
check "a mistake made often: in all" err_has "200 errors"
run check "$work/often.writ" --format short
check "a mistake made often: all of them for machines" [ "$(cat "$work/out" "$work/err" | grep -c E0201)" = 200 ]

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
