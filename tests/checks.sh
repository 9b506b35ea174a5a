# shellcheck shell=bash
# Functions shared by the tests of the program: run a verb, keep its exit code and output, and check them. Sourced
# with `writ` set; counts in `passed` and `failed`, and makes a folder `work`, which is removed when the script ends.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

passed=0
failed=0
check() {  # check NAME CONDITION…
    local name=$1
    shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $name" >&2; sed 's/^/     /' "$work/out" "$work/err" >&2; fi
}
run() { "$writ" "$@" >"$work/out" 2>"$work/err" </dev/null; code=$?; }
ends() { run "${@:3}"; check "$1: exit $2" [ "$code" = "$2" ]; }
out_has() { grep -qF -- "$1" "$work/out"; }
err_has() { grep -qF -- "$1" "$work/err"; }
not() { ! "$@"; }
