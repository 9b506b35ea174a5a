#!/usr/bin/env bash
# Colour on a terminal, and what turns it off. tests/cli/colour.txt has what no terminal is needed for.
# usage: tests/cli/terminal_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
. tests/checks.sh
: >"$work/err"

command -v script >/dev/null || { echo "there is no program script here: no terminal is tried"; exit 77; }
echo 'deny d when nothing_known' >"$work/bad.writ"
on_terminal() { env -u NO_COLOR script -qec "env $* '$writ' check $work/bad.writ" /dev/null >"$work/out" 2>&1 </dev/null; }
has_colour() { grep -qF $'\e' "$work/out"; }
on_terminal TERM=xterm
check "colour on a terminal" has_colour
on_terminal TERM=xterm NO_COLOR=1
check "NO_COLOR" not has_colour
on_terminal TERM=dumb
check "TERM=dumb" not has_colour
on_terminal TERM=xterm NO_COLOR=
check "an empty NO_COLOR is none" has_colour

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
