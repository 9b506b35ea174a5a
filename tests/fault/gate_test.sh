#!/usr/bin/env bash
# writ gate: the checks of a change, declarations, and exit codes on unreadable inputs.
# usage: tests/fault/gate_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset NO_COLOR WRIT_STORE WRIT_LEDGER GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export HOME=$work WRIT_AUTHOR="Ada <ada@acme.example>" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
. "$root/tests/checks.sh"
says() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$work/out" "$1"; }
outcome() { says "next(c['outcome'] for c in d['checks'] if c['name']=='$1')=='$2'"; }
git_here() { git -c user.name=Ada -c user.email=ada@acme.example -c init.defaultBranch=main "$@" >/dev/null 2>&1; }
edited() { rm -rf "$1"; cp -r base "$1"; sed -i "$2" "$1/policy.writ"; }

cp -r examples/refund "$work/base"
cd "$work"

# Nothing changed.
ends "the same" 0 gate base --base base
check "the same: verdict last" [ "$(tail -n 1 out)" = "the change may pass" ]
check "the same: says what is not proved" out_has "not proved"
ends "a first version" 0 gate base --base none
check "a first version: says so" out_has "nothing is compared"
ends "no base named" 2 gate base

# Widenings are declared, or the gate fails.
edited wide 's/for 2m$/for 10m/'
sed -i '/expect/s/for 2m audience/for 9m audience/; /expect/s/for 10m$/for 9m/' wide/policy.writ
ends "wider" 1 gate wide --base base --format json
check "wider: widening" outcome widening failed
check "wider: the finding names the rule" says 'any(f["code"]=="gate-widening" and "refund_current_tenant" in f["message"] for f in d["findings"])'
check "wider: where it is" says 'all(f["span"]["line"]>1 and f["span"]["file"]=="wide/policy.writ" for f in d["findings"] if f["code"]=="gate-widening")'
echo "widens: refund_current_tenant, refund_large because finance asked for it" >note
ends "wider, declared" 0 gate wide --base base --note note
check "wider, declared: verdict" out_has "the change may pass"
check "wider, declared: shows what it does" out_has "ttl 2m → 10m"
echo "widens: acme.support.refund_current_tenant because finance asked for it" >half
ends "declared in part" 1 gate wide --base base --note half
echo "widens: refund_current_tenant, refund_large" >reasonless
ends "declared without a reason" 1 gate wide --base base --note reasonless
check "declared without a reason: says so" out_has "has no readable reason"
printf 'widens: nobody because of nothing\n' >idle
ends "declared and not so" 0 gate base --base base --note idle
check "declared and not so: says so" out_has "but it does not"
check "declared and not so: where" out_has "idle:1:1"
printf 'Finance asked.\nwidens: limit_of_finance because finance asked\n' >other.note
ends "declared, and something else widens" 1 gate wide --base base --note other.note
check "declared, and something else widens: where" out_has "other.note:2:1"
check "declared, and something else widens: names it" out_has "these are widenings"
printf 'widens: refund because \xff\n' >odd.note
ends "a note that is not UTF-8" 4 gate wide --base base --note odd.note
check "a note that is not UTF-8: code" err_has "error[F0007]"
head -c 1100000 /dev/zero | tr '\0' 'a' >long.note
ends "a note that is too long" 4 gate wide --base base --note long.note
ends "a note that is not there" 4 gate wide --base base --note none.txt
ends "narrower" 0 gate base --base wide --format json
check "narrower: nothing widens" outcome widening passed

# A less strict permit is a widening even if no request shows it.
edited loose 's/params.currency == "USD"/params.currency in { "USD", "EUR" }/'
ends "looser, unseen" 1 gate loose --base base --format json
check "looser, unseen: widening" outcome widening failed

# A change of a long condition shows both sides.
edited long 's/params.currency == "USD"/params.currency in { "USD", "EUR", "CHF", "GBP", "JPY", "SEK", "NOK", "DKK" }/'
sed -i 's/"NOK", "DKK" }/"NOK", "PLN" }/' long/policy.writ
edited longer 's/params.currency == "USD"/params.currency in { "USD", "EUR", "CHF", "GBP", "JPY", "SEK", "NOK", "DKK" }/'
run diff longer long
check "a long condition: what it was" grep -Eq '^ +condition .*"DKK"' out
check "a long condition: what it is" grep -Eq '^ +→ .*"PLN"' out

# If the text does not show the direction, it is a widening, even if no request shows one.
edited lower 's/params.currency == "USD"/lower(params.currency) == "usd"/'
ends "not settled, seen" 1 gate lower --base base --format json
check "not settled, seen: widening" outcome widening failed
check "not settled, seen: no decision widens" says 'd["diff"]["wider"]==0 and d["diff"]["unseen"]==[]'
check "not settled, seen: how it is told" says 'any("may widen" in f["message"] for f in d["findings"])'
for what in 's/^  tier write/  tier privileged/' 's/max_age 10m/max_age 1h/' 's/read < write < privileged/read < privileged < write/' \
    's/currency: string/currency: string or none/'; do
    edited thing "$what"
    run gate thing --base base --format json
    check "$what: widening" outcome widening failed
done
edited table ''
cat >>table/policy.writ <<'END'

table payers = csv "payers.csv" { tenant: string, most: decimal }

permit refund_listed
  for each row in payers
  for tool refund
  when token.issuer is prod and resource.tenant == tenant and tenant == row.tenant and params.amount <= row.most
  grant { "refund:create" } for 1m
END
printf 'tenant,most\nt7,5.00\n' >table/payers.csv
cp -r table rows && echo 't8,9.00' >>rows/payers.csv
run gate rows --base table --format json
check "rows: widening" outcome widening failed
check "rows: which" says 'any("table acme.support.payers" in f["message"] for f in d["findings"])'

# Guards of the policy are not removed silently.
edited unguarded '/^invariant/d'
ends "an invariant is gone" 1 gate unguarded --base base
check "an invariant is gone: told" out_has "forbids less than before"
edited weaker '/^invariant/s/$/ and run.background/'
"$writ" fmt weaker >/dev/null
ends "a weaker invariant" 1 gate weaker --base base
echo "widens: no_cross_tenant because the platform states it" >stated
ends "a weaker invariant, declared" 0 gate weaker --base base --note stated
ends "a stronger invariant" 0 gate base --base weaker
edited untested '/^test "another tenant.s user"/,/^$/d'
ends "a test is gone" 0 gate untested --base base
check "a test is gone: told" out_has "removes test"
ends "all there" 0 gate base --base base
check "all there: nothing differs" out_has "no differences: both sides have the same digest"
edited said '1i // Said again.'
ends "comments" 0 gate said --base base
check "comments: told" out_has "only the text differs; no decision does:"
for reason in '.' '\302\240' '\342\200\213' '\343\205\244' '- –' '!?'; do
  printf "widens: refund_current_tenant, refund_large because $reason\n" >mute
  ends "a reason that nobody sees: $reason" 1 gate wide --base base --note mute
done
check "all there: no test is gone" not out_has "takes out"

edited tenants '/^import std.baseline/d; s/because tenant_mismatch/because no_permit/'
run gate tenants --base base --format json
check "an invariant is broken" outcome invariants failed
check "an invariant is broken, of both" outcome "invariants of both" failed
edited lost '/^import std.baseline/d; /^invariant/d; s/because tenant_mismatch/because no_permit/'
run gate lost --base base --format json
check "an invariant that went is held all the same" outcome "invariants of both" failed
check "an invariant that went: said" says 'any("which the change removes" in f["message"] for f in d["findings"])'
edited bare_of_tests '/^test /,/^}/d'
run gate bare_of_tests --base base --format json
check "no tests" outcome tests failed
edited linted ''
printf '\ndefine idle = tool.tier >= write\n' >>linted/policy.writ
run gate linted --base base --format json
check "a lint that warns passes" outcome lint passed
run gate linted --base base --format json --fail-on warning
check "unless it is asked to fail" outcome lint failed
run gate linted --base base --format json --level unused-definition=error
check "a lint that is an error" outcome lint failed

# A declaration is unambiguous and valid.
edited twins 's/max_age 10m/max_age 1h/'
cat >>twins/policy.writ <<'END'

permit prod
  for tool refund
  when token.issuer is prod and user.roles contains "refunds" and params.amount <= 1.00
  grant { "refund:create" } for 1m
END
steps="raises: steps because there is a rule more"
printf 'widens: prod because it is asked for\n%s\n' "$steps" >either
ends "one name, two things" 1 gate twins --base base --note either --format json
check "one name, two things: note" outcome note failed
check "one name, two things: widening" outcome widening failed
check "one name, two things: which" says 'any("issuer acme.support.prod" in f["message"] and "ambiguous: write" in f["message"] for f in d["findings"])'
printf 'widens: permit prod, issuer acme.support.prod because it is asked for\n%s\n' "$steps" >both
run gate twins --base base --note both --format json
check "each by its word: widening" outcome widening passed
check "each by its word: note" outcome note passed
line="widens: refund_current_tenant, refund_large because finance asked for it"
printf '```\n%s\n```\n' "$line" >fenced
printf '<!--\n%s\n-->\n' "$line" >comment
printf '    %s\n' "$line" >indented
printf '\t%s\n' "$line" >tabbed
printf '> %s\n' "$line" >reply
for quoted in fenced comment indented tabbed reply; do
    ends "a note that is $quoted" 1 gate wide --base base --note "$quoted"
done
printf '```\nx\n```\n<!-- y -->\n- %s\n' "$line" >after
ends "a note after what is quoted" 0 gate wide --base base --note after

# New rules are tested.
edited new ''
cat >>new/policy.writ <<'END'

permit refund_small
  for tool refund
  when token.issuer is prod
   and prod.namespace == "agents-prod"
   and prod.service_account == "refund-agent"
   and user.roles contains "qa" and params.amount <= 5.00
  grant { "refund:create" } for 1m
END
echo "widens: refund_small because QA pays itself back" >small
echo "raises: steps because there is a rule more" >>small
ends "a new rule, untested" 1 gate new --base base --note small --format json
check "a new rule, untested: told" outcome "new rules" failed
check "a new rule, untested: declared" outcome widening passed
check "a new rule: steps declared" outcome steps passed
sed -i '2d' small
ends "steps not declared" 1 gate new --base base --note small --format json
check "steps not declared: told" outcome steps failed
# A rule that is reached only alone costs nothing more.
sed -i 's/"agents-prod"$/"agents-qa"/' new/policy.writ
run gate new --base base --note small --format json
check "no more steps for one request" outcome steps passed

# A removed deny, a failing test, wrong style, a lint finding, a removed invariant.
edited bare '/^deny user_not_authorized/,/^  because/d; s/because user_not_authorized/because tenant_mismatch/'
ends "a deny is gone" 1 gate bare --base base --format json
check "a deny is gone: widening" outcome widening failed
check "a deny is gone: tests" outcome tests failed
edited odd 's/^  for tool refund$/  for   tool refund/'
ends "style" 1 gate odd --base base --format json
check "style: told" outcome style failed
ends "threshold" 1 gate base --base base --threshold 100 --format json
check "threshold: told" outcome coverage failed
edited broken 's/^permit /permitt /'
ends "not valid" 3 gate broken --base base
check "not valid: where" out_has "policy.writ:"
ends "the base is not valid" 3 gate base --base broken

# Formats, on the terminal and in files.
run gate wide --base base --format sarif
check "sarif" says 'd["version"]=="2.1.0" and any(r["ruleId"]=="gate-widening" for r in d["runs"][0]["results"])'
run gate wide --base base --format github
check "github" grep -q '^::error file=.*policy.writ,line=[0-9]*.*::' out
run gate wide --base base --format junit
check "junit" python3 -c 'import sys,xml.etree.ElementTree as t; r=t.parse(sys.argv[1]).getroot(); sys.exit(int(r.get("failures"))<1)' out
run gate wide --base base --format markdown
check "markdown" grep -q '^# Gate: the change does not pass' out
ends "files too" 1 gate wide --base base --output sarif=g.sarif --output junit=g.xml --output markdown=g.md
check "files too: all" test -s g.sarif -a -s g.xml -a -s g.md
ends "a file that cannot be written" 4 gate wide --base base --output sarif=no/such/g.sarif
mkfifo pipe && (cat pipe >piped &)
ends "into a pipe" 1 gate wide --base base --output json=pipe
check "into a pipe: still one" [ -p pipe ]
ln -s elsewhere link && echo before >elsewhere
ends "through a link" 1 gate wide --base base --output json=link
check "through a link: still one" [ -L link -a "$(head -c 1 elsewhere)" = "{" ]
ends "a note that nothing is compared for" 2 gate base --base none --note note
edited many ''
for i in $(seq 60); do printf '\npermit unseen_%s\n  for tool refund\n  when token.issuer is prod and params.amount == %s.00\n  grant { "refund:create" } for 1m\n' "$i" "$i" >>many/policy.writ; done
ends "many findings, as Markdown" 1 gate many --base base --format markdown
check "many findings, as Markdown: fifty" [ "$(sed -n '/^## Findings/,/^## [0-9]/p' out | grep -c '^- ')" = 50 ]
check "many findings, as Markdown: errors first" [ "$(sed -n '/^## Findings/,/^## [0-9]/p' out | grep '^- ' | head -n 1 | grep -c '\*\*gate-')" = 1 ]
check "many findings, as Markdown: how many more" out_has "more findings; JSON and SARIF have them all"
ends "quietly" 0 --quiet gate base --base base
check "quietly: the verdict" [ "$(cat out)" = "the change may pass" ]
ends "quietly, refused" 1 --quiet gate wide --base base
check "quietly, refused: only what failed" [ "$(grep -cE '^(ok|--|FAIL) ' out)" = "$(grep -c '^FAIL ' out)" ]
ends "coverage, for annotations" 1 gate base --base base --threshold 100 --format github
check "coverage, for annotations: said" grep -q '^::error .*title=gate-coverage::' out
ends "annotations" 1 gate wide --base base --format github
check "annotations: say what widens" out_has "ttl 2m → 10m"
(cd wide && "$writ" gate . --base ../base --format github) >out 2>err
check "annotations: files without a dot" grep -q '::error file=policy.writ,' out
ends "an output that is none" 2 gate wide --base base --output toml=x
"$writ" gate base --base base >/dev/full 2>err
check "full disk" [ $? = 4 ]
if (trap '' PIPE; "$writ" gate base --base base 2>/dev/null; echo "$?" >code) | true; then :; fi
check "a closed pipe" [ "$(cat code)" = 4 ]

# Git: declarations in commit messages.
mkdir repo && cp -r base repo/policy && cd repo || exit 1
git_here init && git_here add -A && git_here commit -m "the first"
git_here checkout -b change
cp ../wide/policy.writ policy/policy.writ
git_here add -A && git_here commit -m "longer"
ends "against a branch" 1 gate policy --base main
git_here commit --amend -m "longer

Widens: refund_current_tenant because finance asked for it
Widens: refund_large because it follows
"
ends "declared in a commit" 0 gate policy --base main
git_here checkout --orphan apart && git_here commit -m "Widens: refund_current_tenant, refund_large because of old times"
ends "no commit in common" 4 gate policy --base main
check "no commit in common: code" err_has "error[F0006]"
git_here checkout change
ends "an unknown base" 4 gate policy --base mian
check "an unknown base: code" err_has "error[F0004]"
mkdir ../deadly
for verb in rev-parse cat-file log; do
    printf '#!/bin/sh\ncase " $* " in *" %s "*) kill -9 $$ ;; esac\nexec %s "$@"\n' "$verb" "$(command -v git)" >../deadly/git
    chmod +x ../deadly/git
    PATH=$work/deadly:$PATH "$writ" gate policy --base main >../out 2>../err
    check "git killed at $verb" [ $? = 4 ]
    check "git killed at $verb: says so" grep -q 'git was killed' ../err
done
ends "an unreadable base" 4 gate policy --base store:v1
cd ..

# Stores and ledgers.
"$writ" store init >/dev/null && "$writ" store channel prod >/dev/null && "$writ" store publish base --channel prod >/dev/null
ends "against a channel" 1 gate wide --base store:prod
"$writ" eval base --request base/requests/permit.json --ledger led >/dev/null 2>&1
ends "recorded traffic" 1 gate wide --base base --note half --ledger led
ends "a ledger that is none" 4 gate base --base base --ledger base
printf '\xff\xfe' >base/odd.writ
ends "not UTF-8" 3 gate base --base none
check "not UTF-8: where" out_has "odd.writ"

# The examples for CI work as described.
cd "$root"
for file in examples/ci/*.yml examples/ci/*.yaml; do
    check "$file runs verbs that are there" bash -c 'grep -oE "writ (--quiet )?[a-z]+" "$1" | sort -u | while read -r line; do "$2" ${line#writ } --help >/dev/null || exit 1; done' _ "$file" "$writ"
done
check "the hook is a shell script" sh -n examples/ci/pre-commit

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
