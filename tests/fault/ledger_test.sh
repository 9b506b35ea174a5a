#!/usr/bin/env bash
# The `writ ledger` and `writ replay` verbs: exit codes, messages, and streams.
# usage: tests/fault/ledger_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'umount "$work/small" 2>/dev/null; rm -rf "$work"' EXIT
export TZ=UTC NO_COLOR=1
unset WRIT_LEDGER

policy=examples/refund
ledger=$work/ledger
. tests/checks.sh

# Variants of the policy are here, next to the requests of its fixtures.
mkdir -p "$work/requests" && cp "$policy"/requests/* "$work/requests/"

# Recording.
ends "no ledger" 4 ledger list -L "$work/none"
check "no ledger: says so" err_has "error[G0001]"
ends "permit, recorded" 0 eval "$policy" --request "$policy/requests/permit.json" --ledger "$ledger"
check "permit: its number" err_has "record 0"
ends "deny, recorded" 1 eval "$policy" --request "$policy/requests/deny.json" --ledger "$ledger"
ends "a permit that cannot be recorded" 4 eval "$policy" --request "$policy/requests/permit.json" --ledger "$work/no/such/folder"
ends "a refused request" 3 eval "$policy" --request <(echo '{"x":1}') --ledger "$ledger"
check "a refused request: why" err_has "error[Q0011]"
sed 's/"request_id"/"idempotency_key": "k", "request_id"/' "$policy/requests/permit.json" >"$work/keyed.json"
run eval "$policy" --request "$work/keyed.json" --ledger "$ledger"
ends "again with its key" 0 eval "$policy" --request "$work/keyed.json" --ledger "$ledger"
check "again: the record of then" err_has "record 4, repeats record 3"
check "again: what decided then" out_has "repeats      record 3, which granted by permit refund_current_tenant"
ends "again, as JSON" 0 eval "$policy" --request "$work/keyed.json" --ledger "$work/keys" --format json
check "the first: nothing before" out_has '"record":0,"earlier":null}'
ends "again, as JSON" 0 eval "$policy" --request "$work/keyed.json" --ledger "$work/keys" --format json
check "again: which rule and bundle decided then" out_has '"earlier":{"record":0,"now":"2026-09-21T14:14:20Z"'
sed 's/when user is none or not (user.roles/when user is none or (user.roles/' "$policy/policy.writ" >"$work/strict.writ"
ends "again, where the policy denies" 1 eval "$work/strict.writ" --request "$work/keyed.json" --ledger "$work/keys"
check "again: by the rule of now" out_has "deny user_not_authorized"
ends "again, for a caller" 1 eval "$work/strict.writ" --request "$work/keyed.json" --ledger "$work/keys" --for caller --format json
check "a caller learns nothing of it" not out_has earlier

# Masking.
ends "mask" 0 eval "$policy" --request "$policy/requests/permit.json" --ledger "$work/masked" --mask /user/id --mask /resource/id
run ledger show 0 -L "$work/masked" --format json
check "mask: nowhere" not grep -q 'alice@acme.example\|pay-5512' "$work/out"
ends "mask: what nothing is at" 4 eval "$policy" --request "$policy/requests/permit.json" --ledger "$work/masked" --mask /user/mail
check "mask: says so" err_has "error[G0023]"
(umask 077; printf '%064d\n' 7 >"$work/mask.key")
ends "mask: a key of one's own" 0 eval "$policy" --request "$policy/requests/permit.json" --ledger "$work/masked" --mask /user/id --mask-key "$work/mask.key"
chmod 644 "$work/mask.key"
ends "mask: a key that others may read" 4 eval "$policy" --request "$policy/requests/permit.json" --ledger "$work/masked" --mask-key "$work/mask.key"
check "mask: says so of the key" err_has "error[G0042]"
ends "mask without a ledger" 2 eval "$policy" --request "$policy/requests/permit.json" --mask /user/id
ends "replay: no policy reads what is masked" 0 replay -L "$work/masked" --against "$policy" --fail-wider
check "replay: decided" out_has "2 decisions: 2 the same"
ends "mask: what the policy reads" 0 eval "$policy" --request "$policy/requests/permit.json" --ledger "$work/unread" --mask /tool/params/amount
ends "replay: the policy reads what is masked" 0 replay -L "$work/unread" --against "$policy"
check "replay: undecided" out_has "1 records are undecided"
ends "replay: undecided, and nothing may be wider" 1 replay -L "$work/unread" --against "$policy" --fail-wider
ends "diff: undecided, and nothing may be wider" 1 diff "$policy" "$policy" --ledger "$work/unread" --fail-wider
check "diff: undecided" out_has "1 record undecided"

# Numbers.
for bad in -1 abc 99999999999999999999 "1 OR 1" 1e3 0x10 ""; do
    ends "list --limit '$bad'" 2 ledger list -L "$ledger" --limit "$bad"
    check "list --limit '$bad': which option" err_has "--limit"
    ends "tail -n '$bad'" 2 ledger tail -L "$ledger" -n "$bad"
    ends "export --from '$bad'" 2 ledger export -L "$ledger" --from "$bad"
    ends "receipt '$bad'" 2 ledger receipt -L "$ledger" -- "$bad"
    ends "prove '$bad'" 2 ledger prove -L "$ledger" -- "$bad"
    ends "prove --since '$bad'" 2 ledger prove -L "$ledger" --since "$bad"
    ends "prove --size '$bad'" 2 ledger prove 0 -L "$ledger" --size "$bad"
    ends "request --now '$bad'" 2 request --claims "$policy/policy.writ" --issuer-kind kubernetes --now "$bad"
    ends "test --jobs '$bad'" 2 test "$policy" --jobs "$bad"
done
ends "reference and ledger" 2 eval "$policy" --request "$policy/requests/permit.json" --reference --ledger "$ledger"

# Questions.
ends "list" 0 ledger list -L "$ledger" --effect deny
check "list: what it says" out_has tenant_mismatch
ends "list as JSON" 0 ledger list -L "$ledger" --format json
check "list as JSON: schema version first" [ "$(head -c 18 "$work/out")" = '{"schema_version":' ]
ends "why" 0 ledger why req-1001 -L "$ledger"
check "why: the agent" out_has "which agent did this"
check "why: of several" err_has "note: 3 decisions have this id; this is the last, record 4; for another, give its number: 3, 0"
check "why: the last" out_has "Decision 4"
ends "why: of several, as JSON" 0 ledger why req-1001 -L "$ledger" --format json
check "why: of several, not among the answers" not out_has "have this id"
ends "show: of several" 0 ledger show req-1001 -L "$ledger"
check "show: of several" err_has "3 decisions have this id"
ends "why: by number" 0 ledger why 0 -L "$ledger"
check "why: by number, nothing to say" not err_has "have this id"
ends "why: no such decision" 4 ledger why 99 -L "$ledger"
check "why: says so" err_has "error[G0021]"
ends "show" 0 ledger show 1 -L "$ledger"
ends "show: no such record" 4 ledger show 99 -L "$ledger"
ends "tail" 0 ledger tail -n 2 -L "$ledger"
check "tail: two lines" [ "$(wc -l <"$work/out")" = 2 ]
ends "export" 0 ledger export -L "$ledger"
check "export: a line a record" [ "$(wc -l <"$work/out")" = 5 ]
ends "receipt" 0 ledger receipt 0 --credential c-1 --resource payments --accepted-at 3s -L "$ledger"
ends "receipt: for what is no decision" 4 ledger receipt 5 --credential c-1 -L "$ledger"
ends "receipt: for what granted nothing" 4 ledger receipt 1 --credential c-1 -L "$ledger"
check "receipt: says so" err_has "error[G0026]"
ends "receipt: a moment that is none" 2 ledger receipt 0 --accepted-at soon -L "$ledger"
ends "report" 0 ledger report -L "$ledger"
check "report: the metrics" grep -Eq '^6\. mean time to attribute, seconds +3\.[0-9] ' "$work/out"
ends "report as a page" 0 ledger report -L "$ledger" --html "$work/report.html"
check "page: whole" grep -q '</html>' "$work/report.html"
check "page: charts" grep -q '<rect' "$work/report.html"
check "page: nothing from elsewhere" [ -z "$(grep -oE '(src|href)=|https?://[^<]*\.(js|css)|@import|url\(' "$work/report.html")" ]
ends "use" 0 ledger use grant:0 -L "$ledger"
ends "use: again" 1 ledger use grant:0 -L "$ledger"
check "use: says by which" err_has "error[G0025]"

# Proofs.
"$writ" ledger checkpoint -L "$ledger" >"$work/old.checkpoint"
run eval "$policy" --request "$policy/requests/permit.json" --ledger "$ledger"
ends "checkpoint" 0 ledger checkpoint -L "$ledger" --output "$work/new.checkpoint"
"$writ" ledger prove 1 -L "$ledger" >"$work/inclusion"
"$writ" ledger prove --since 7 -L "$ledger" >"$work/consistency"
ends "prove: nothing" 2 ledger prove -L "$ledger"
ends "proof of a record" 0 ledger verify --proof "$work/inclusion" --checkpoint "$work/new.checkpoint"
ends "proof of growth" 0 ledger verify --proof "$work/consistency" --checkpoint "$work/new.checkpoint" --checkpoint "$work/old.checkpoint"
ends "a proof under another checkpoint" 1 ledger verify --proof "$work/inclusion" --checkpoint "$work/old.checkpoint"
ends "no proof" 4 ledger verify --proof "$work/old.checkpoint" --checkpoint "$work/old.checkpoint"
check "no proof: says so" err_has "error[G0043]"
ends "verify" 0 ledger verify -L "$ledger" --checkpoint "$work/old.checkpoint"
ends "verify: a file that is no checkpoint" 4 ledger verify -L "$ledger" --checkpoint "$work/keyed.json"
check "verify: says so" err_has "error[G0040]"
ends "verify: no key" 4 ledger verify -L "$ledger" --key "$work/keyed.json"
check "verify: says so of the key" err_has "error[G0042]"
mkdir "$work/bundles"
ends "verify --replay without bundles" 2 ledger verify -L "$ledger" --replay
ends "verify --replay, a bundle that is not there" 1 ledger verify -L "$ledger" --replay --bundles "$work/bundles"
"$writ" compile "$policy" --output "$work/bundles/refund.bundle" >/dev/null
ends "verify --replay" 0 ledger verify -L "$ledger" --replay --bundles "$work/bundles"
check "verify --replay: all the same" out_has "5 the same when decided again, 0 differ"
ends "a store for the versions" 0 store --store "$work/versions" init
ends "verify --replay, a store without the version" 1 ledger verify -L "$ledger" --replay --bundles "$work/versions"
ends "the version, published" 0 store --store "$work/versions" --author ann publish "$policy"
ends "verify --replay, from a store" 0 ledger verify -L "$ledger" --replay --bundles "$work/versions"
check "verify --replay, from a store: all the same" out_has "5 the same when decided again, 0 differ"
ends "verify --replay, a file that is no store" 4 ledger verify -L "$ledger" --replay --bundles "$work/keyed.json"

# Another policy.
ends "replay" 0 replay -L "$ledger" --against "$work/bundles/refund.bundle"
check "replay: nothing changes" out_has "4 decisions: 4 the same"
sed 's/grant { "refund:create" } for 2m/grant { "refund:create" } for 3m/' "$policy/policy.writ" >"$work/longer.writ"
ends "replay: wider" 1 replay -L "$ledger" --against "$work/longer.writ" --fail-wider
check "replay: by rule" out_has "permit refund_current_tenant"
ends "replay as JSON" 0 replay -L "$ledger" --against "$work/longer.writ" --format json
check "replay as JSON: counts" out_has '"wider":3'
echo permit >"$work/bad.writ"
ends "replay: a policy that is none" 3 replay -L "$ledger" --against "$work/bad.writ"

# A damaged ledger.
segment=$ledger/00000000000000000000.segment
cp "$segment" "$work/segment"
printf 'X' | dd of="$segment" bs=1 seek=400 conv=notrunc status=none
ends "damage: verify" 1 ledger verify -L "$ledger"
check "damage: where" out_has "record 0 is the first that cannot be read"
ends "damage: no permit" 4 eval "$policy" --request "$policy/requests/permit.json" --ledger "$ledger"
check "damage: says so" err_has "error[G0003]"
head -c 2000 "$work/segment" >"$segment"
ends "cut: verify" 1 ledger verify -L "$ledger"
ends "cut: no permit" 4 eval "$policy" --request "$policy/requests/permit.json" --ledger "$ledger"
check "cut: says so" err_has "error[G0006]"
cp "$work/segment" "$segment"
ends "restored" 0 ledger verify -L "$ledger"
# A reader that closes the pipe.
if (trap '' PIPE; "$writ" ledger export -L "$ledger" 2>/dev/null; echo "$?" >"$work/code") | true; then :; fi
check "a closed pipe: exit 4" [ "$(cat "$work/code")" = 4 ]

# A full disk, if one may be mounted.
mkdir "$work/small"
if mount -t tmpfs -o size=64k tmpfs "$work/small" 2>/dev/null; then
    code=0 count=0
    while [ "$code" = 0 ] && [ $count -lt 60 ]; do
        count=$((count + 1))
        run eval "$policy" --request "$policy/requests/permit.json" --ledger "$work/small/ledger"
    done
    check "full disk: exit 4" [ "$code" = 4 ]
    check "full disk: no permit" not grep -q '^permit' "$work/out"
    check "full disk: why" out_has audit_unavailable
    check "full disk: code" err_has "error[G0002]"
    run ledger verify -L "$work/small/ledger"
    check "full disk: nothing lost" [ "$code" = 0 ]
    check "full disk: every permit that was given is there" out_has "$((count - 1)) records"
    # With space again it continues where it stopped.
    mount -o remount,size=1m "$work/small"
    ends "full disk: room again" 0 eval "$policy" --request "$policy/requests/permit.json" --ledger "$work/small/ledger"
    ends "full disk: whole again" 0 ledger verify -L "$work/small/ledger"
    umount "$work/small"
else
    echo "no tmpfs may be mounted here: a full disk is not tried"
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
