#!/usr/bin/env bash
# The verb `test`: exit codes, formats, coverage, threads, and watching.
# usage: tests/fault/test_verb_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
watching=''
trap '[ -n "$watching" ] && kill "$watching" 2>/dev/null; rm -rf "$work"' EXIT
unset NO_COLOR
. tests/fault/checks.sh
read_as() { python3 tests/fault/formats.py "$1" "$work/out" >"$work/read" 2>"$work/err"; }
says() { [ "$(head -n 1 "$work/read")" = "$1" ]; }

cp -r examples/refund "$work/policy"
rm -rf "$work/policy/expected" "$work"/policy/*.sh
policy=$work/policy
ends "all pass" 0 test "$policy"
check "all pass: each is named" out_has 'ok   500.00 is the boundary [500.00]'
cp "$work/out" "$work/loud"
ends "quiet" 0 --quiet test "$policy"
check "quiet: no ok lines" not grep -q '^ok' "$work/out"
check "quiet: the sums all the same" [ "$(tail -n 1 "$work/out")" = "$(tail -n 1 "$work/loud")" ]
check "quiet: nothing on stderr" [ ! -s "$work/err" ]
ends "quiet, behind the verb" 0 test -q "$policy"

# Failures: the difference, and the explanation.
cat >"$policy/wrong.writ" <<'END'
module acme.support
test "# odd <name> & \\ more" {
  given small
  expect permit for 3m with audit by refund_large
}
test "should be denied" { given small expect deny because user_not_authorized }
test "should be permitted" { given small with user.roles = [] expect permit for 2m }
test "is refused" { given small with want.ttl = "soon" expect permit }
END
ends "failures" 1 test "$policy"
check "failures: the ttl that was expected" grep -Eq '^ +- ttl +3m$' "$work/out"
check "failures: the ttl that came" grep -Eq '^ +\+ ttl +2m$' "$work/out"
check "failures: the rule that was expected and did not apply" out_has 'permit refund_large'
check "failures: what set the lifetime" grep -Eq '^ +lifetime$' "$work/out"
check "failures: another effect" grep -Eq '^ +\+ effect +deny$' "$work/out"
check "failures: what would have permitted" out_has 'user.roles  [] -> ["refunds"]'
check "failures: a deny that did not apply" grep -Eq 'deny user_not_authorized: .* \(false, does not apply\)' "$work/out"
check "failures: a request that is refused" out_has 'the request is refused at $.want.ttl'
check "failures: where" grep -Eq -- '--> .*/wrong.writ:4:10$' "$work/out"
check "failures: no colour into a file" not grep -q "$(printf '\033')" "$work/out"
ends "failures, quiet" 1 -q test "$policy"
check "failures, quiet: told all the same" out_has 'FAIL should be denied'
ends "failures, coloured" 1 --color=always test "$policy"
check "failures, coloured: they are" grep -q "$(printf '\033')" "$work/out"

tests=$(grep -c '^ok\|^FAIL' "$work/loud")
ends "JUnit" 1 test "$policy" --format junit
check "JUnit: is XML that holds together" read_as junit
check "JUnit: all and what failed" says "tests $((tests + 4)), failures 4"
check "JUnit: names come through" grep -qxF '# odd <name> & \ more' "$work/read"
check "JUnit: the explanation" grep -q 'nearest permit' "$work/out"
ends "TAP" 1 test "$policy" --format tap
check "TAP: holds together" read_as tap
check "TAP: all and what failed" says "tests $((tests + 4)), failures 4"
check "TAP: names come through" grep -qxF '# odd <name> & \ more' "$work/read"
ends "JSON" 1 test "$policy" --format json
check "JSON: differences and explanation" python3 - "$work/out" <<'END'
import json, sys
run = json.load(open(sys.argv[1]))
wrong = {case["name"]: case for case in run["cases"] if not case["passed"]}
assert run["schema_version"] == 1 and run["failed"] == len(wrong) == 4
assert wrong["should be denied"]["differences"][0] == {"part": "effect", "expected": "deny", "actual": "permit"}
assert wrong["should be permitted"]["explanation"]["nearest"]
assert wrong["is refused"]["explanation"] is None
END
for format in human junit tap json; do
    run test "$policy" --format "$format" --jobs 1 && cp "$work/out" "$work/one"
    run test "$policy" --format "$format" --jobs 4
    check "threads: the same in $format" cmp -s <(sed 's/time="[0-9.]*"//g' "$work/one") <(sed 's/time="[0-9.]*"//g' "$work/out")
done
ends "no threads" 2 test "$policy" --jobs 0
rm "$policy/wrong.writ"

# A run without tests fails in every format.
for format in junit tap; do
    ends "nothing run, $format" 1 test "$policy" --filter 'no such test' --format "$format"
    check "nothing run, $format: holds together" read_as "$format"
    check "nothing run, $format: is a failure" says "tests 1, failures 1"
done

# Coverage.
ends "coverage" 0 test "$policy" --coverage
check "coverage: a table of rules" grep -Eq '^permit main.refund_current_tenant|^permit [a-z.]*refund_current_tenant +[1-9]' "$work/out"
check "coverage: what was never seen, and where" grep -Eq '^never (true|false|unknown)' "$work/out"
check "coverage: what is not asked for" grep -q '^not required of [0-9]* conditions\?: never' "$work/out"
check "coverage: the sums" grep -Eq '^coverage: [0-9]+ of [0-9]+ rules applied, [0-9]+ of [0-9]+ conditions seen in every way \([0-9.]+%\)$' "$work/out"
percent=$(sed -n 's/^coverage: .*(\([0-9]*\)\..*/\1/p' "$work/out")
ends "a threshold that is reached" 0 test "$policy" --threshold "$percent"
ends "a threshold that is not" 1 test "$policy" --threshold $((percent + 1))
check "a threshold that is not: says so" grep -q '^FAIL coverage: .* are required$' "$work/out"
ends "a threshold in JUnit" 1 test "$policy" --threshold 100 --format junit
check "a threshold in JUnit: is a case" read_as junit
check "a threshold in JUnit: fails" says "tests $((tests + 1)), failures 1"
ends "a threshold in TAP" 1 test "$policy" --threshold 100 --format tap
check "a threshold in TAP: is a point" read_as tap
check "a threshold in TAP: fails" says "tests $((tests + 1)), failures 1"
ends "a threshold beyond all" 2 test "$policy" --threshold 101
ends "coverage as JSON" 0 test "$policy" --coverage --format json
check "coverage as JSON: adds up" python3 - "$work/out" <<'END'
import json, sys
coverage = json.load(open(sys.argv[1]))["coverage"]
conditions = coverage["conditions"]
assert coverage["conditions_covered"] == sum(c["covered"] for c in conditions) > 0
assert coverage["rules_applied"] == sum(r["applied"] > 0 for r in coverage["rules"]) > 0
for c in conditions:
    assert c["covered"] == all(c["seen"][outcome] > 0 for outcome in c["possible"]), c
    assert all(c["seen"][outcome] == 0 or outcome in c["possible"] for outcome in c["seen"]), c
    assert (len(c["possible"]) < 3) == (c["because"] != ""), c
assert all(0 <= index < len(conditions) for rule in coverage["rules"] for index in rule["conditions"])
END

# Watching: it runs again when a policy, a new file or a data file changes, and returns the result of the last run.
runs() { grep -c '^[0-9]* passed, ' "$work/watched"; }
until_runs() {  # until_runs COUNT: waits for so many, ten seconds at most
    for _ in $(seq 100); do [ "$(runs)" -ge "$1" ] && return 0; sleep 0.1; done
    return 1
}
start() { "$writ" test --watch "$policy" >"$work/watched" 2>"$work/err" & watching=$!; }
stop() { kill -s "$1" "$watching"; wait "$watching"; code=$?; watching=''; }
: >"$work/out"
start
check "watch: runs at once" until_runs 1
sleep 0.5
check "watch: and not again for nothing" [ "$(runs)" = 1 ]
printf '\n// changed\n' >>"$policy/policy.writ"
check "watch: a policy that changes" until_runs 2
printf 'module acme.support\ntest "new" { given small expect deny }\n' >"$policy/new.writ"
check "watch: a file that is new" until_runs 3
check "watch: what is in it counts" grep -q '^FAIL new' "$work/watched"
request=$(ls "$policy"/requests/permit.json)
sed -i 's/"amount": *[0-9.]*/"amount": 41/' "$request"
check "watch: a data file that changes" until_runs 4
check "watch: clears nothing where there is no terminal" not grep -q "$(printf '\033')" "$work/watched"
check "watch: says what changed" err_has "permit.json changed"
stop INT
check "watch: ends as the last run did, failed" [ "$code" = 1 ]
start
check "watch: again" until_runs 1
echo 'deny' >"$policy/new.writ"
for _ in $(seq 100); do err_has 'error[E' && break; sleep 0.1; done
check "watch: an invalid policy is told of, and watched on" err_has 'error[E'
rm "$policy/new.writ"
check "watch: a file that goes" until_runs 2
stop TERM
check "watch: ends as the last run did, passed" [ "$code" = 0 ]
ends "watch: not with one document" 2 test --watch "$policy" --format junit
if [ -e /dev/full ]; then
    timeout 20 "$writ" test --watch "$policy" >/dev/full 2>"$work/err"
    check "watch: a full disk ends it" [ $? = 4 ]
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
