#!/usr/bin/env bash
# writ diff: sides from folders, git and a store; its output, and its exit codes on errors.
# usage: tests/fault/diff_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset NO_COLOR WRIT_STORE WRIT_LEDGER GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export HOME=$work WRIT_AUTHOR="Ada <ada@acme.example>" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
. "$root/tests/checks.sh"
is_json() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); sys.exit(list(d)[0]!="schema_version")' "$work/out"; }
says() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$work/out" "$1"; }
git_here() { git -c user.name=Ada -c user.email=ada@acme.example -c init.defaultBranch=main "$@" >/dev/null 2>&1; }

cp -r examples/refund "$work/base"
cp -r examples/refund "$work/wide"
sed -i 's/for 2m$/for 10m/' "$work/wide/policy.writ"
cd "$work"

# Two folders.
ends "the same" 0 diff base base
check "the same: headline" out_has "stay the same"
check "the same: nothing" out_has "no differences: both sides have the same digest"
cp -r base said
sed -i '1i // Said again.' said/policy.writ
ends "comments" 0 diff base said --fail-wider
check "comments: told" out_has "only the text differs; no decision does"
check "comments: where" out_has "policy.writ: comments"
ends "wider" 0 diff base wide
check "wider: headline" grep -Eq '^[0-9]+ decisions widen' out
check "wider: the part" out_has "ttl 2m → 10m"
check "wider: the rule" out_has "by       permit acme.support.refund_current_tenant"
check "wider: agents" out_has "agents   refund-agent"
check "wider: both explained" grep -Eq '^    after    permit \{ "refund:create" \} for 9m' out
check "wider: what was not looked at" out_has "nothing is known about others"
check "wider: invariants" out_has "not proved"
ends "wider fails" 1 diff base wide --fail-wider
ends "narrower does not" 0 diff wide base --fail-wider
cp -r base other
sed -i 's/params.currency == "USD"/params.currency == "EUR"/' other/policy.writ
ends "what may be wider fails" 1 diff base other --fail-wider
ends "the file itself" 0 diff base/policy.writ wide/policy.writ
ends "compile" 0 compile wide --output wide.bundle
ends "a bundle" 1 diff base wide.bundle --fail-wider
ends "as JSON" 0 diff base wide --format json
check "as JSON: is it" is_json
check "as JSON: the group" says 'd["groups"][0]["direction"]=="wider" and d["groups"][0]["causes"][0]["name"].endswith("refund_current_tenant")'
check "as JSON: the part" says 'd["structure"][0]["parts"][0]=={"part":"ttl","before":"2m","after":"10m","direction":"wider"}'
check "as JSON: the explanations" says 'd["groups"][0]["example"]["explain_after"]["decision"]["effect"]=="permit"'
check "as JSON: nothing is proved" says 'd["invariants"]["proved"] is False'
ends "as Markdown" 0 diff base wide --format markdown
check "as Markdown: a heading" grep -Eq '^## [0-9]+ decisions widen' out
check "as Markdown: a row" grep -Eq '^\| wider \| longer ttl \|' out
check "as Markdown: folded away, and nothing escaped for nobody" out_has "by permit acme.support.refund_current_tenant</summary>"
check "no colour where nobody sees it" not grep -q $'\x1b' out
ends "colour" 0 diff base wide --color always
check "colour: is there" grep -q $'\x1b' out

# Git: the default branch has the base, the working tree the change.
mkdir repo && cp -r base repo/policies && cd repo || exit 1
git_here init
git_here add -A
git_here commit -m "the first"
git_here tag v1
cp ../wide/policy.writ policies/policy.writ
work_out=$work/out
ends "against a branch" 1 diff main policies --fail-wider
check "against a branch: the part" grep -qF "ttl 2m → 10m" "$work_out"
ends "against a tag" 1 diff git:v1 policies --fail-wider
ends "with a path" 0 diff main:policies policies
ends "from below" 1 --color never diff HEAD . --fail-wider
cd policies || exit 1
ends "in a folder of the repository" 1 diff main --fail-wider
cd ..
check "fixtures are read from the ref" bash -c "sed -i 's/refund-agent/other-agent/' policies/requests/permit.json"
ends "data of the ref" 0 diff main:policies policies --format json
check "data of the ref: differs" says 'any(t["kind"]=="fixture" and t["change"]=="changed" for t in d["structure"])'
git_here checkout policies
git_here checkout -b other
rm -r policies
ends "a folder that is gone now" 0 diff main:policies git:v1:policies
check "a folder that is gone now: the same" grep -qF "stay the same" "$work_out"
ends "an unknown ref" 4 diff mian policies
check "an unknown ref: code" err_has "error[F0004]"
ends "an unknown ref, said to be one" 4 diff git:mian .
check "an unknown ref, said to be one: code" err_has "error[F0004]"
ends "a ref that would be an option" 4 diff git:--output=x .
check "a ref that would be an option: code" err_has "error[F0004]"
check "a ref that would be an option: nothing written" [ ! -e x ]
ends "nothing there" 4 diff main:nowhere .
check "nothing there: code" err_has "error[F0005]"
ends "out of the repository" 4 diff main:../../x .
git_here checkout main
git_here checkout policies
ln -s policy.writ policies/link.writ && git_here add -A && git_here commit -m "a link"
ends "a link" 4 diff main:policies git:v1:policies
check "a link: code" err_has "error[F0005]"
cd ..
ends "no repository" 4 diff main base
check "no repository: code" err_has "error[F0003]"
ends "no git" 4 --color never diff git:main base
mkdir nothing
PATH=$work/nothing ends "git is not there" 4 diff git:main base
check "git is not there: code" err_has "error[F0002]"

# A store.
ends "store: init" 0 store init
ends "store: channel" 0 store channel prod
ends "store: publish" 0 store publish base
ends "store: publish the other" 0 store publish wide --channel prod
ends "two versions" 1 diff store:v1 store:v2 --fail-wider
ends "a channel" 1 diff base store:prod --fail-wider
ends "no such version" 3 diff store:v9 base
check "no such version: code" err_has S0021
ends "no such store" 4 diff store:v1 base --store elsewhere.store
ends "its own verb" 0 store diff v1 v2
check "its own verb: what" grep -Eq '^  changed permit acme\.support\.refund_current_tenant .* wider$' "$work/out"
check "its own verb: as text" grep -Eq '^- .*for 2m$' "$work/out"

# Requests and ledgers.
ends "requests" 0 diff base wide --requests base/requests --format json
check "requests: are counted" says 'd["requests"]>5'
for i in 1 2 3; do tr -d '\n' <base/requests/permit.json; echo; done >many.jsonl
ends "lines" 0 diff base wide --requests many.jsonl --format json
check "lines: are counted" says 'd["groups"][0]["decisions"]>=3'
echo '{' >broken.json
ends "not JSON" 3 diff base wide --requests broken.json
check "not JSON: code and place" err_has "broken.json"
printf '{}\n\xff\n' >bytes.jsonl
ends "not UTF-8" 3 diff base wide --requests bytes.jsonl
check "not UTF-8: the line" err_has "bytes.jsonl:2"
ends "no requests" 4 diff base wide --requests nothing
ends "no such requests" 4 diff base wide --requests nowhere
for i in 1 2; do "$writ" eval base --request base/requests/permit.json --ledger ledger >/dev/null 2>&1; done
ends "a ledger" 0 diff base wide --ledger ledger
check "a ledger: is an example or counted" grep -Eq 'agents   refund-agent [0-9]+' out
ends "a ledger alone" 0 diff base wide -L ledger --format json
check "a ledger alone: records" says 'd["wider"]>=2'
ends "no ledger" 4 diff base wide --ledger nowhere
mkdir foreign && echo 'another schema' >foreign/LEDGER && printf 'x%.0s' {1..200} >foreign/00000000000000000000.log
ends "a ledger of another make" 4 diff base wide --ledger foreign

# Invalid inputs.
mkdir bad && printf 'permit x when \xff\n' >bad/policy.writ
ends "a base that is not UTF-8" 3 diff bad wide
check "a base that is not UTF-8: code" err_has E0104
check "a base that is not UTF-8: which" err_has "the policy at \`bad\` is not valid"
ends "a base that is not there" 4 diff nowhere wide
ends "usage" 2 diff
check "usage: nothing that reads like a result" [ ! -s out ]
"$writ" diff base wide >/dev/full 2>err
check "a full disk" [ $? = 4 ]
"$writ" diff base wide 2>err | true
check "a closed pipe" [ "${PIPESTATUS[0]}" = 4 ]

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
