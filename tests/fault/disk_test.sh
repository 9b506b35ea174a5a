#!/usr/bin/env bash
# Failed writes: a folder that may not be written, a file that may not grow, a full disk. The old content stays, and
# nothing of the new content remains.
# usage: tests/fault/disk_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
cd "$(dirname "$0")/../.."
root=$PWD
. tests/checks.sh
trap 'umount "$work/small" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT
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

# A full disk, if one may be mounted: for a ledger, and for a store.
mkdir small
cp -r "$root/examples/refund" base
if mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
    code=0 count=0
    while [ "$code" = 0 ] && [ $count -lt 60 ]; do
        count=$((count + 1))
        run eval base --request base/requests/permit.json --ledger small/ledger
    done
    check "a full disk, ledger: exit 4" [ "$code" = 4 ]
    check "a full disk, ledger: no permit" not grep -q '^permit' out
    check "a full disk, ledger: why" out_has audit_unavailable
    check "a full disk, ledger: code" err_has "error[G0002]"
    run ledger verify -L small/ledger
    check "a full disk, ledger: nothing lost" [ "$code" = 0 ]
    check "a full disk, ledger: every permit that was given is there" out_has "$((count - 1)) records"
    # With space again it continues where it stopped.
    mount -o remount,size=1m small
    ends "a full disk, ledger: room again" 0 eval base --request base/requests/permit.json --ledger small/ledger
    ends "a full disk, ledger: whole again" 0 ledger verify -L small/ledger
    umount small

    mount -t tmpfs -o size=300k tmpfs small
    ends "a small disk, store" 0 store --store small/s init
    code=0 count=0
    while [ "$code" = 0 ] && [ $count -lt 40 ]; do
        count=$((count + 1))
        cp -r base "d$count"
        sed -i "s/for 2m\$/for ${count}s/" "d$count/policy.writ"
        run store --store small/s --author Ada publish "d$count"
    done
    check "a full disk, store: exit 4" [ "$code" = 4 ]
    check "a full disk, store: code" err_has S0008
    run store --store small/s verify
    check "a full disk, store: nothing lost" [ "$code" = 0 ]
    check "a full disk, store: all that was told" [ "$("$writ" store --store small/s list | tail -n +2 | wc -l)" = $((count - 1)) ]
    umount small
else
    echo "no tmpfs may be mounted here: a full disk is not tried"
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
