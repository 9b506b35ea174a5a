#!/usr/bin/env bash
# `writ lint`: exit codes, output streams, formats, suppressions and fixes.
# usage: tests/fault/lint_test.sh WRIT PYTHON
set -uo pipefail
writ=$(realpath "$1") python=$2
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset NO_COLOR
. tests/checks.sh

sarif() { "$python" tests/cli/sarif.py "$1" >"$2"; }
json() { "$python" -c "import json,sys; d = json.load(open('$work/out')); sys.exit(0 if $1 else 1)"; }

# Examples have no findings; conformance policies, which are wrong on purpose in places, do.
for example in examples/*/policy.writ; do
    ends "$example" 0 lint "$example" --fail-on warning
done
check "clean: says so" out_has "no findings"

policy=$work/policy.writ
cat >"$policy" <<'P'
module m
import std.github
import std.spiffe
tier read < write
issuer ci: github "https://token.actions.githubusercontent.com" { audience "https://broker.example.com" }
tool deploy { tier write  audience "https://deploy.example.com"  scopes { "deploy:prod" } }
permit open_to_all
  for tool deploy
  when token.issuer is ci
   and ci.event_name in { "push", "push" }
  grant { "deploy:prod" } for 5m
// lint: allow name-only-trust because this repository is archived
permit by_name
  for tool deploy
  when token.issuer is ci and ci.repository == "octo-org/old"
  grant { "deploy:prod" } for 5m
P
ends "an error" 1 lint "$policy"
check "an error: human" out_has "error[shared-issuer-unscoped]: permit \`open_to_all\` accepts tokens of \`ci\`"
check "an error: what can be done" out_has "1 suppressed, 2 can be fixed with --fix"
check "an error: no colour into a file" not grep -q "$(printf '\033')" "$work/out"
check "an error: nothing on stderr" [ ! -s "$work/err" ]
ends "a warning does not fail" 0 lint "$policy" --level shared-issuer-unscoped=off
ends "unless asked" 1 lint "$policy" --level shared-issuer-unscoped=off --fail-on warning
ends "a level makes an error" 1 lint "$policy" --level shared-issuer-unscoped=off --level duplicate-element=error
ends "a lint there is not" 2 lint "$policy" --level shared-isuer-unscoped=off
check "a lint there is not: did you mean" err_has "did you mean \`shared-issuer-unscoped\`?"
ends "a level there is not" 2 lint "$policy" --level shared-issuer-unscoped=loud
ends "a level without a name" 2 lint "$policy" --level warning
ends "fix and diff" 2 lint "$policy" --fix --diff
ends "no such file" 4 lint "$work/nowhere.writ"
printf 'permit' >"$work/broken.writ"
for format in human short json sarif github; do
    ends "does not compile, $format" 3 lint "$work/broken.writ" --format $format
done
ends "short" 1 lint "$policy" --format short
check "short: one line each" grep -Eq '^.*policy.writ:7:8: error: permit `open_to_all` .* \[shared-issuer-unscoped\]$' "$work/out"
"$writ" lint "$policy" --format json >/dev/full 2>"$work/err"
check "a full disk" [ $? = 4 ]

# JSON: suppressed findings have their reason.
ends "json" 1 lint "$policy" --format json
check "json: counts" json "d['schema_version'] == 1 and d['errors'] == 1 and d['fixable'] == 2"
check "json: findings" json "'unused-import' in [f['code'] for f in d['findings']]"
check "json: suppressed" json "[(f['code'], f['reason']) for f in d['suppressed']] == [('name-only-trust', 'this repository is archived')]"

# SARIF: valid, and fingerprints do not change when lines move.
ends "sarif" 1 lint "$policy" --format sarif
check "sarif: valid" sarif "$work/out" "$work/prints"
check "sarif: a suppression" out_has '"suppressions":[{"kind":"inSource","status":"accepted","justification":"this repository is archived"}]'
check "sarif: the page is its help" out_has '# shared-issuer-unscoped: permit under a shared issuer names no owner'
cp "$policy" "$work/before" && sed -i '1a // a line\n\n// and more' "$policy"
ends "sarif, lines moved" 1 lint "$policy" --format sarif
check "sarif, lines moved: valid" sarif "$work/out" "$work/moved"
check "sarif, lines moved: the same fingerprints" cmp -s "$work/prints" "$work/moved"
cp "$work/before" "$policy"
(cd "$work" && "$writ" lint "$policy" --format sarif >"$work/out")
check "sarif: relative to here" out_has '"uri":"policy.writ"'
ends "sarif of a check" 3 check "$work/broken.writ" --format sarif
check "sarif of a check: valid" sarif "$work/out" "$work/prints"
ends "sarif of a good check" 0 check examples/refund --format sarif
check "sarif of a good check: valid, no results" sarif "$work/out" "$work/prints"
check "sarif of a good check: nothing else" [ "$(wc -l <"$work/out")" = 1 ]

# GitHub: ten findings of a level, the number of the others; nothing that a runner could take for a command.
ends "github" 1 lint "$policy" --format github
check "github: an error with its place" grep -Eq '^::error file=[^,]*policy.writ,line=7,endLine=7,col=8,endColumn=19,title=shared-issuer-unscoped::permit `open_to_all` .*%0A' "$work/out"
check "github: commands only" not grep -vEq '^::(error|warning|notice) ' "$work/out"
{ sed '/^permit/,$d' "$policy"; for i in $(seq 12); do
    printf 'permit p%s for tool deploy when token.issuer is ci and tenant == "t%s" grant { "deploy:prod" } for 5m\n' "$i" "$i"
done; } >"$work/many.writ"
ends "github, many" 1 lint "$work/many.writ" --format github
check "github, many: ten errors" [ "$(grep -c '^::error ' "$work/out")" = 10 ]
check "github, many: the rest is counted" out_has "::notice title=writ::2 more findings"
ends "github of a check" 3 check "$work/broken.writ" --format github
check "github of a check: an error" grep -q '^::error file=' "$work/out"

# Fixes: shown, then written, then gone.
ends "diff" 1 lint "$policy" --diff
check "diff: what goes" out_has "-import std.spiffe"
check "diff: nothing written" cmp -s "$policy" "$work/before"
ends "fix" 1 lint "$policy" --fix
check "fix: written" not grep -q spiffe "$policy"
check "fix: an element left out" grep -qF 'in { "push" }' "$policy"
check "fix: what is not safe stays" out_has "shared-issuer-unscoped"
ends "fix again" 0 lint "$policy" --diff
check "fix again: nothing to do" [ ! -s "$work/out" ]
chmod a-w "$work" 2>/dev/null
[ "$(id -u)" = 0 ] || ends "fix, read only" 4 lint "$policy" --fix
chmod u+w "$work"
"$writ" compile "$work/before" --output "$work/sealed" >/dev/null 2>&1 || cp "$work/before" "$work/before.writ"
"$writ" compile "$work/before.writ" --output "$work/sealed" >/dev/null 2>&1
rm -f "$work/before.writ"
ends "a bundle is linted" 1 lint "$work/sealed"
ends "a bundle is not fixed" 2 lint "$work/sealed" --fix

ends "explain a lint" 0 explain subject-wide
check "explain a lint: its page" grep -q '^# subject-wide: ' "$work/out"
ends "explain a lint, with a request" 2 explain subject-wide --request examples/refund/requests/permit.json

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
