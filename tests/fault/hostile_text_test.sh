#!/usr/bin/env bash
# Text from stores, ledgers, requests, claims and policies cannot affect its readers: no output for people, for GitHub,
# for programs or as HTML contains a control character or a mark that changes the direction of text.
# usage: tests/fault/hostile_text_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
root=$PWD
. "$root/tests/checks.sh"
unset NO_COLOR WRIT_STORE WRIT_AUTHOR GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
export HOME=$work WRIT_AUTHOR="Ada"
cp -r examples/refund "$work/policy"
cd "$work"

# Searches the output for ESC, BEL, CR, a C1 control, a right-to-left override and a byte of invalid UTF-8.
is_tame() { python3 - out err <<'END'
import sys
for file in sys.argv[1:]:
    data = open(file, "rb").read()
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        sys.exit(f"{file}: {error}")
    bad = [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"]
    if bad:
        at = text.index(bad[0])
        sys.exit(f"{file}: {text[max(0, at - 40):at + 10]!r}")
END
}
# Runs a verb; whatever its exit code, its output must be safe, and must show the text.
tame() {
    run "$@"
    check "$*: tame" is_tame
}

python3 - <<'END'
import json
EVIL = "x\u001b[2J\u0007\r\u009b31m\u202etxt"
request = json.load(open("policy/requests/permit.json"))
request["request_id"] = EVIL
request["agent"].update(id=EVIL, owner=EVIL)
request["agent"]["class"] = EVIL
request["run"]["id"] = EVIL
request["resource"]["id"] = EVIL
request["token"]["jti"] = EVIL
request["token"]["claims"]["jti"] = EVIL
json.dump(request, open("evil.json", "w"))
request["run"]["initiator"] = "bob"
request["tool"]["params"]["amount"] = 900
json.dump(request, open("large.json", "w"))
request["agent"][EVIL] = 1
json.dump(request, open("unknown.json", "w"))
json.dump({"iss": EVIL, "jti": EVIL, EVIL: 1, "exp": EVIL}, open("claims.json", "w"))
json.dump({"iss": EVIL, "jti": EVIL, EVIL: 1}, open("odd_claims.json", "w"))
json.dump([EVIL], open("candidates.json", "w"))
END

ends "init" 0 store init
ends "channel" 0 store channel prod
ends "publish" 0 store publish policy --channel prod -m "one"
sed -i 's/for 2m$/for 3m/' policy/policy.writ
ends "publish another" 0 store publish policy -m "two"
ends "tag" 0 store tag good v1
ends "approve" 0 store --author Bob approve prod v1 -m "fine"
ends "revoke" 0 store revoke agent nobody -m "why"
ends "revoke everything" 0 store revoke all --channel prod -m "why" --expires 1h
ends "keys" 0 keys generate key
ends "add a key" 0 store add-key on-call key.pub -m "rota"
run store activate prod prd
python3 - <<'END'
import sqlite3
evil = "x\x1b[2J\x07\r\x9b31m\u202etxt"
store = sqlite3.connect("writ.store")
for table, columns in {"version": ["author", "message", "engine"], "activation": ["author", "message", "key_id"], "tag": ["name", "author", "message"],
                       "approval": ["channel", "approver", "message"], "revocation": ["author", "reason", "key_id"],
                       "key_role": ["author", "message"], "event": ["kind", "subject", "detail", "author"]}.items():
    for column in columns:
        store.execute(f"UPDATE {table} SET {column} = ?", (evil,))
store.execute("UPDATE revocation SET subject = ? WHERE kind = 'agent'", (evil,))
store.commit()
END
tame store list
tame store show v1
tame store show v1 --sources
tame store diff v1 v2
tame store history prod
tame store channels
tame store revocations
tame store revocations --all
tame store keys
tame store log
tame store verify
tame store lift agent nobody -m why
tame store lift agent "$(printf 'x\033[2J')" -m why
tame store revoke agent "$(printf 'x\033[2J')" -m why
tame store activate prod "$(printf 'x\033[2J')"
tame store channel "$(printf 'x\033[2J')"
tame store decide prod --request evil.json
for request in evil.json large.json unknown.json; do
    tame eval policy --request $request --ledger kept
    tame eval policy --request $request --for caller
    tame explain policy --request $request
    tame search policy --request $request --open tool
    tame search policy --request $request --open agent --candidates candidates.json
done
tame ledger list -L kept
tame ledger show 0 -L kept
tame ledger why 0 -L kept
tame ledger report -L kept
tame ledger report -L kept --format html
tame ledger verify -L kept
tame ledger tail -L kept
for verb in "eval policy --request evil.json" "explain policy --request evil.json" "search policy --request evil.json --open tool" \
            "store decide prod --request evil.json" "store list" "store revocations" "ledger list -L kept" "ledger why 0 -L kept"; do
    # shellcheck disable=SC2086
    tame $verb --format json
done
tame replay -L kept --against policy
tame diff examples policy --requests evil.json
tame diff "$root/examples/refund" policy --requests evil.json
tame diff "$root/examples/refund" policy --requests evil.json --format markdown
tame request --claims claims.json --issuer-kind kubernetes
tame request --claims odd_claims.json --issuer-kind kubernetes

# A policy with hostile texts, as far as the language allows them.
python3 - <<'END'
evil = r"x\u{202E}txt\u{9B}31m\u{1B}[2J"  # the source itself may not hold such characters
text = open("policy/policy.writ").read()
open("wrong.writ", "w").write(f'''
tier read
tool t {{ tier read audience "https://a.example" scopes {{ "a" }} params {{ }} }}
deny d when workload.spiffe_id == "spiffe://{evil}" because "b"
deny e when "{evil}" in egress
''')
open("policy/policy.writ", "w").write(text + f'''
deny loud when agent.owner == "{evil}" because "{evil}"
test "{evil}" {{ given small with agent.owner = "{evil}" expect permit }}
''')
END
for format in human short github sarif json; do
    tame check wrong.writ --format $format
    check "check wrong.writ --format $format: shows the text" grep -q txt out err
done
tame check policy
tame check policy --format github
tame lint policy
tame lint policy --format github
tame test policy
tame test policy --format tap
tame gate policy --base "$root/examples/refund"
tame gate policy --base "$root/examples/refund" --format markdown
tame gate policy --base "$root/examples/refund" --format github
tame diff "$root/examples/refund" policy
tame diff "$root/examples/refund" policy --format markdown
for verb in "lint policy --format json" "lint policy --format sarif" "test policy --format json" "test policy --format junit" \
            "gate policy --base $root/examples/refund --format json" "gate policy --base $root/examples/refund --format junit" \
            "diff $root/examples/refund policy --format json"; do
    # shellcheck disable=SC2086
    tame $verb
done
tame fmt policy --check
tame explain policy --request evil.json --rule loud
tame "$(printf 'x\033[2J')"
tame check "$(printf 'x\033[2J')"
tame eval policy --request "$(printf 'x\033[2J')"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
