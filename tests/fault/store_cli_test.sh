#!/usr/bin/env bash
# writ store and writ keys: output and exit codes of each verb, also on errors.
# usage: tests/fault/store_cli_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'umount "$work/small" 2>/dev/null; rm -rf "$work"' EXIT
unset NO_COLOR WRIT_STORE WRIT_AUTHOR GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
export HOME=$work WRIT_AUTHOR="Ada <ada@acme.example>"
cp -r examples/refund "$work/first"
cp -r examples/refund "$work/second"
sed -i 's/500\.00/400.00/' "$work/second/policy.writ"
cp -r examples/refund "$work/third"
sed -i 's/for 2m$/for 3m/' "$work/third/policy.writ"
cd "$work"

. "$root/tests/checks.sh"
is_json() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); sys.exit(list(d)[0]!="schema_version")' "$work/out"; }

# Versions and channels.
ends "no store" 4 store list
check "no store: code" err_has S0001
ends "init" 0 store init
ends "init again" 4 store init
check "init again: code" err_has S0002
ends "channel" 0 store channel prod
ends "publish" 0 store publish first -m "the first"
check "publish: what it says" grep -Eq '^published v1 [0-9a-f]{12} [0-9a-f]{64}$' "$work/out"
ends "publish and activate" 0 store publish second --channel prod --expect 0.0
check "activate: where it is" out_has "prod is at 1.1: v2"
ends "list" 0 store list
check "list: author" out_has "Ada <ada@acme.example>"
check "list: where it is active" grep -Eq '^v2 .* prod( |$)' "$work/out"
ends "list as JSON" 0 store list --format json
check "list as JSON: is it" is_json
ends "activate late" 1 store activate prod v1 --expect 0.0
check "activate late: code" err_has S0040
check "activate late: what changed" err_has "is at 1.1: v2"
check "activate late: nothing that reads like success" [ ! -s "$work/out" ]
ends "activate" 0 store activate prod v1 --expect 1.1
ends "rollback" 0 store rollback prod -m "it was wrong"
check "rollback: a new activation" out_has "prod is at 1.3: v2"
ends "history" 0 store history prod
check "history: kind and why" grep -Eq '^1\.3 .* rollback .* it was wrong$' "$work/out"
ends "channels" 0 store channels
for verb in "channels" "history prod" "show v1" "show v1 --sources" "diff v1 v2" "log" "revocations" "verify"; do
    # shellcheck disable=SC2086
    ends "$verb as JSON" 0 store $verb --format json
    check "$verb as JSON: is it" is_json
done
ends "diff" 0 store diff v1 v2
check "diff: rules by name" grep -Eq '^  changed permit acme\.support\.refund_current_tenant ' "$work/out"
ends "tag" 0 store tag good v1
ends "show a tag" 0 store show good --sources
check "show: the text" out_has "permit refund_current_tenant"
ends "show nothing" 3 store show nothing
check "show nothing: code" err_has S0021
ends "a slip in a channel" 3 store activate prd v1
check "a slip in a channel: code" err_has S0023
ends "expect what is none" 2 store activate prod v1 --expect 7
ends "not-after that is none" 2 store activate prod v1 --not-after soon
ends "not-after that is over" 3 store activate prod v1 --not-after 2020-01-01T00:00:00Z
printf 'permit p when nothing_known grant { "a" } for 1m\n' >bad.writ
ends "publish what does not compile" 3 store publish bad.writ
cp -r first reserved
printf 'module std.baseline\n' >reserved/own.writ
ends "publish with a standard module replaced" 3 store publish reserved
check "publish with a standard module replaced: file and code" eval 'err_has E0210 && err_has reserved/own.writ'
ends "no verb" 2 store

# Gates and approvals.
ends "protect" 0 store channel prod --protected
cp -r first failing
printf 'test "wrong" {\n  given small\n  expect deny because no_permit\n}\n' >>failing/policy.writ
ends "a version whose test fails" 1 store publish failing --channel prod
check "a version whose test fails: code" err_has S0041
check "a version whose test fails: which" err_has wrong
ends "log" 0 store log
check "log: the refusal is on record" grep -Eq ' refused +prod .*wrong' "$work/out"
ends "a version whose tests pass" 0 store activate prod v1
ends "log" 0 store log
check "log: the gate is on record" grep -Eq ' gate +prod .* 0 failed$' "$work/out"
ends "another" 1 store publish third --channel prod -m "tests of 2m fail"
run store channels
asked=$(awk '$1 == "prod" { print $4 }' "$work/out")
ends "ask for approvals" 0 store channel prod --approvals 1
check "ask for approvals: tests are asked for as before" grep -Eq "^prod .* $asked +1\$" "$work/out"
ends "without an approval" 1 store activate prod v2
check "without an approval: code" err_has S0043
ends "approve one's own" 1 store approve prod v2
check "approve one's own: code" err_has S0044
ends "approve" 0 store --author "Bob" approve prod v2
ends "with an approval" 0 store activate prod v2
ends "protected and not" 2 store channel prod --protected --unprotected
check "protected and not: which" err_has "--protected excludes --unprotected"
ends "give up protection" 0 store channel prod --unprotected --approvals 0

# Keys and readers.
ends "generate" 0 keys generate key
check "generate: secret is its owner's" [ "$(stat -c %a key)" = 600 ]
ends "generate over a file" 4 keys generate key
ends "keys list" 0 keys list
check "keys list: both halves" [ "$(grep -c -E ' (secret|public) ' out)" = 2 ]
ends "keys show" 0 keys show key
check "keys show: the public half" cmp -s out key.pub
ends "a key that is none" 3 keys show first/policy.writ
check "a key that is none: code" err_has S0066
chmod 644 key
ends "a secret key that is open" 3 store activate prod v1 --key key
check "a secret key that is open: code" err_has S0067
chmod 600 key
permit=first/requests/permit.json
ends "decide" 0 store decide prod --request "$permit"
check "decide: effect first" [ "$(head -n 1 out)" = permit ]
ends "decide: unsigned" 3 store decide prod --request "$permit" --key key.pub
check "decide: unsigned, code" err_has S0060
check "decide: unsigned, nothing that reads like a decision" [ ! -s out ]
ends "sign" 0 store activate prod v1 --key key --not-after 1d
ends "decide: signed" 0 store decide prod --request "$permit" --key key.pub --state state --format json
check "decide: as JSON" is_json
ends "verify without keys" 0 store verify
ends "verify with keys" 1 store verify --key key.pub
check "verify with keys: what" out_has "prod 1.1: unsigned"
mv writ.store away
ends "decide: by the state alone" 0 store decide prod --request "$permit" --key key.pub --state state
check "decide: by the state alone, told" err_has S0001
ends "decide: without store and state" 4 store decide prod --request "$permit"
mv away writ.store
ends "decide: a channel without policy" 0 store channel empty
ends "decide: a channel without policy" 3 store decide empty --request "$permit"

# Shadow and revocations.
ends "next" 0 store channel next
ends "next" 0 store activate next v2
ends "decide: shadow that agrees" 0 store decide prod --request "$permit" --shadow next
check "shadow that agrees: nothing" not out_has shadow
"$writ" store publish third --channel next >out 2>err
ends "decide: shadow that differs" 0 store decide prod --request "$permit" --shadow next --format json
check "shadow that differs" grep -q '^{"schema_version":1,"mode":"shadow","kind":"grant"' out
ends "decide: recorded" 0 store decide prod --request "$permit" --shadow next --ledger kept --traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
modes=$(for n in 0 1; do "$writ" ledger show $n -L kept --format json; done | grep -o '"mode":"[a-z]*"' | sort | tr '\n' ' ')
check "decide: recorded, both" [ "$modes" = '"mode":"enforced" "mode":"shadow" ' ]
ends "decide: recorded, the question" 0 ledger report -L kept
check "decide: recorded, the question about shadows" out_has "Decisions that candidates would have made differently"
ends "decide: refused, and recorded" 3 store decide prod --request third/policy.writ --ledger kept
check "decide: refused, and recorded as a deny" grep -q '"effect":"deny"' <("$writ" ledger show 2 -L kept --format json)
ends "decide: a ledger that is a file" 4 store decide prod --request "$permit" --ledger key.pub
check "decide: a ledger that is a file, nothing that reads like a decision" [ ! -s out ]
ends "revoke without a reason" 2 store revoke agent refund-agent
check "revoke without a reason: how" err_has "--message: is required"
ends "revoke without letters or digits" 3 store revoke agent refund-agent -m "..."
check "revoke without letters or digits: code" err_has S0026
ends "revoke a tool that is none" 3 store revoke tool refnud -m x
check "revoke a tool that is none: code" err_has S0032
check "revoke a tool that is none: which are" err_has '`refund`'
ends "revoke it all the same" 0 store revoke tool refnud -m x --undeclared
ends "lift it" 0 store lift tool refnud -m x
agent=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["agent"]["id"])' "$permit")
ends "revoke" 0 store revoke agent "$agent" -m "leaked" --expires 1h
check "revoke: says when it ends" out_has "from then on the policy alone decides"
ends "decide: revoked" 1 store decide prod --request "$permit"
check "decide: revoked, why" out_has identity_revoked
ends "explain: nothing is revoked" 0 explain first --request "$permit"
check "explain: nothing is revoked, permit" not out_has identity_revoked
ends "explain: revoked" 0 explain first --request "$permit" --store writ.store
check "explain: revoked, which" grep -Eq "revoked: agent \"$agent\" until 20" out
ends "explain: no such store" 4 explain first --request "$permit" --store none.db
ends "explain: a channel without a store" 2 explain first --request "$permit" --channel prod
ends "revocations" 0 store revocations
check "revocations: who and why" grep -Eq "^revoke +agent +$agent .*Ada.* leaked$" out
ends "lift" 0 store lift agent "$agent" -m "rotated"
ends "lift again" 3 store lift agent "$agent" -m "rotated"
check "lift again: code" err_has S0029
ends "revocations, all" 0 store revocations --all
check "revocations, all: both" [ "$(grep -c "$agent" out)" = 2 ]
ends "revoke what is no kind" 2 store revoke planet mars -m x
ends "revoke another spelling" 0 store revoke agent "$(printf %s "$agent" | tr a-z A-Z)" -m x
ends "decide: revoked in another spelling" 1 store decide prod --request "$permit"
ends "lift it in a third" 0 store lift agent "$agent" -m x
ends "revoke what has no spelling" 3 store revoke agent "$agent " -m x
check "revoke what has no spelling: code" err_has S0030
check "revoke what has no spelling: why" err_has "space"
for kind in "tool refund tool_revoked" "issuer https://K8S-west.example.com/ issuer_revoked" "tenant T1 tenant_revoked" \
            "user alice@acme.example user_revoked" "token 19a333f4-ebc2-4061-ad56-dfceabff6fcf token_revoked"; do
    set -- $kind
    ends "revoke $1" 0 store revoke "$1" "$2" -m x
    ends "decide: $1 revoked" 1 store decide prod --request "$permit"
    check "decide: $1 revoked, why" out_has "$3"
    ends "lift $1" 0 store lift "$1" "$2" -m x
done
ends "revoke everything" 0 store revoke all --channel prod -m "incident"
check "revoke everything: says so" out_has "everything in prod is revoked for ever"
ends "decide: everything revoked" 1 store decide prod --request "$permit"
check "decide: everything revoked, why" out_has channel_revoked
ends "lift everything" 0 store lift all --channel prod -m "over"
ends "revoke all of nothing" 2 store revoke all -m x
ends "revoke all of a channel that is not there" 3 store revoke all --channel prd -m x
ends "revoke a subject of a channel" 2 store revoke agent a --channel prod -m x
ends "revoke nobody" 2 store revoke agent -m x
ends "decide: lifted" 0 store decide prod --request "$permit"

# Keys with roles.
ends "another key" 0 keys generate oncall
ends "sign what nobody signed" 0 store sign --key key
check "sign: how many" grep -Eq "^signed [0-9]+ entries$" out
ends "sign again" 0 store sign --key key
check "sign again: none left" out_has "signed 0 entries"
ends "add a channel key" 0 store add-key channel key.pub -m "releases"
ends "add an on-call key" 0 store add-key on-call oncall.pub -m "rota"
ends "keys" 0 store keys
check "keys: roles" [ "$(grep -c -E ' (channel|on-call) ' out)" = 2 ]
ends "a role that is none" 2 store add-key owner key.pub
sed -i 's/for 3m$/for 4m/' third/policy.writ
ends "publish and activate unsigned" 1 store publish third --channel prod
check "publish and activate unsigned: code" err_has S0045
check "publish and activate unsigned: what was done" grep -Eq '^published v[0-9]+ [0-9a-f]{12}, but not activated: prod is unchanged$' err
ends "revoke unsigned" 1 store revoke agent "$agent" -m x
check "revoke unsigned: code" err_has S0045
ends "revoke by on-call" 0 store revoke agent "$agent" -m x --key oncall
ends "activate" 0 store activate prod v2 --key key
ends "decide: revoked by on-call" 1 store decide prod --request "$permit" --key key.pub --on-call oncall.pub
check "decide: revoked by on-call, why" out_has identity_revoked
ends "verify: on-call" 1 store verify --key key.pub --on-call oncall.pub
check "verify: on-call, the log is fine" not out_has "revocation "
ends "lift by on-call" 1 store lift agent "$agent" -m x --key oncall
check "lift by on-call: code" err_has S0045
ends "lift by channel" 0 store lift agent "$agent" -m x --key key
ends "decide: lifted by channel" 0 store decide prod --request "$permit" --key key.pub --on-call oncall.pub
ends "on-call keys alone" 3 store decide prod --request "$permit" --on-call oncall.pub
check "on-call keys alone: code" err_has S0070
ends "approvals to lift" 0 store channel prod --approvals 1
ends "revoke" 0 store revoke agent "$agent" -m x --key oncall
ends "lift without approval" 1 store lift agent "$agent" -m x --key key
check "lift without approval: code" err_has S0043
ends "approve the lifting" 0 store --author Bob approve-lift agent "$agent" -m "cause known"
ends "lift with approval" 0 store lift agent "$agent" -m x --key key
ends "no approvals" 0 store channel prod --approvals 0
for id in $("$writ" store keys | awk 'NR > 1 { print $1 }'); do ends "remove a key" 0 store remove-key "$id" -m over; done
ends "remove it again" 3 store remove-key "$id"
check "remove it again: code" err_has S0031

# Keeping.
ends "export" 0 store export --output all.export
ends "init another" 0 store --store other init
ends "import" 0 store --store other import all.export
check "import: all" [ "$(grep -c '^imported v' out)" = "$("$writ" store list | tail -n +2 | wc -l)" ]
head -c 5000 all.export >cut.export
ends "import what is cut short" 3 store --store other import cut.export
check "import what is cut short: code" err_has S0027
ends "gc, dry" 0 store gc --older-than 0s --dry-run
ends "gc" 0 store gc --older-than 0s
ends "verify" 0 store verify
ends "gc: no time" 2 store gc --older-than yesterday
printf 'not a store, but long enough to look like one if nobody looked closely at all' >text
ends "not a store" 4 store --store text list
check "not a store: code" err_has S0003
WRIT_STORE=other run store list
check "WRIT_STORE" [ "$code" = 0 ]
for verb in "list" "list --format json" "history prod" "log" "decide prod --request $permit"; do
    # shellcheck disable=SC2086
    "$writ" store $verb >/dev/full 2>err
    check "full disk: $verb" [ $? = 4 ]
done

# Who acts.
author() { "$writ" store tag t v1 >/dev/null 2>err && "$writ" store list --format json | python3 -c 'import json,sys; print([t["author"] for t in json.load(sys.stdin)["tags"] if t["tag"]=="t"][0])'; }
check "author: variable" [ "$(author)" = "Ada <ada@acme.example>" ]
unset WRIT_AUTHOR
check "author: git's variables" [ "$(GIT_AUTHOR_NAME=Eve GIT_AUTHOR_EMAIL=eve@acme.example author)" = "Eve <eve@acme.example>" ]
if command -v git >/dev/null; then
    printf '[user]\n\tname = Gil\n\temail = gil@acme.example\n' >"$HOME/.gitconfig"
    check "author: git's setting" [ "$(author)" = "Gil <gil@acme.example>" ]
    rm "$HOME/.gitconfig"
fi
check "author: the account" [ "$(author)" = "$(id -un)" ]
export WRIT_AUTHOR=Ada

# Two programs at once: one succeeds, the other one gets an error.
for round in 1 2 3 4 5; do
    at=$("$writ" store channels --format json | python3 -c 'import json,sys; print([c["serial"] for c in json.load(sys.stdin)["channels"] if c["channel"]=="prod"][0])')
    "$writ" store activate prod v1 --expect "$at" >one 2>one.err & one=$!
    "$writ" store activate prod v2 --expect "$at" >two 2>two.err & two=$!
    wait $one; a=$?
    wait $two; b=$?
    check "two at once, round $round" [ "$a$b" = 01 -o "$a$b" = 10 ]
    check "two at once, round $round: told" grep -q S0040 one.err two.err
done

# A full disk, if one may be mounted.
mkdir small
if mount -t tmpfs -o size=300k tmpfs small 2>/dev/null; then
    ends "small disk" 0 store --store small/s init
    code=0 count=0
    while [ "$code" = 0 ] && [ $count -lt 40 ]; do
        count=$((count + 1))
        sed "s/for 2m\$/for ${count}s/" first/policy.writ >first/p.writ
        mkdir -p "d$count" && cp -r first/requests "d$count/" && mv first/p.writ "d$count/policy.writ"
        run store --store small/s publish "d$count"
    done
    check "full disk: exit 4" [ "$code" = 4 ]
    check "full disk: code" err_has S0008
    run store --store small/s verify
    check "full disk: nothing lost" [ "$code" = 0 ]
    check "full disk: all that was told" [ "$("$writ" store --store small/s list | tail -n +2 | wc -l)" = $((count - 1)) ]
    umount small
else
    echo "no tmpfs may be mounted here: a full disk is not tried"
fi

cd "$root"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
