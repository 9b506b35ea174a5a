#!/usr/bin/env bash
# What cannot be written: a folder that may not be written, a file that may not grow. The old text stays, and no part of
# a new one.
# usage: tests/fault/disk_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
. tests/checks.sh
cd "$work"

# Nothing may be written beside the file: by its mode or, for root, since a folder has the name of the new file.
locked() { if [ "$(id -u)" = 0 ]; then mkdir "$1.new"; else chmod a-w "$(dirname "$1")"; fi; }
for verb in fmt "lint --fix"; do
    mkdir "${verb%% *}"
    file=${verb%% *}/careless.writ
    cp "$root/tests/cli/files/careless.writ" "$file"
    locked "$file"
    # shellcheck disable=SC2086
    ends "$verb: cannot be written" 4 $verb "$file"
    check "$verb: names it" err_has "$file"
    check "$verb: the old text stays" cmp -s "$root/tests/cli/files/careless.writ" "$file"
done

# A write that fails half-way: all created files are removed.
(ulimit -f 1; trap '' XFSZ; exec "$writ" new half) >out 2>err; code=$?
check "new, half-way: says what failed" [ "$code" = 4 ]
check "new, half-way: nothing is left" [ ! -e half ]
check "new, half-way: nothing on stdout" [ ! -s out ]

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
