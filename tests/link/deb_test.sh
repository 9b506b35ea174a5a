#!/usr/bin/env bash
# The Debian package: it has what it should, is the same each time it is made, can be installed, configured, removed and
# purged, and its configuration and units fit the program. As another user than root it is only unpacked.
# usage: deb_test.sh BUILD_DIR
set -euo pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")/../.." && pwd)
make=$here/engine/install/deb.sh
for tool in dpkg-deb dpkg-shlibdeps; do
    command -v $tool >/dev/null || { echo "no $tool here: the Debian package is not tried"; exit 0; }
done
out=$(mktemp -d /tmp/writ-deb-XXXXXX)
service=
trap '[ -z "$service" ] || kill "$service" 2>/dev/null || true; rm -rf "$out"' EXIT
fail() { echo "FAIL $*" >&2; exit 1; }

# ---- the same bytes, whoever makes it -----------------------------------------------------------------
export SOURCE_DATE_EPOCH=1700000000
deb=$("$make" "$build" "$out/first")
(umask 077; cd /; TZ=Asia/Tokyo LC_ALL=C HOME=/nowhere "$make" "$build" "$out/second" >/dev/null)
cmp "$deb" "$out/second/$(basename "$deb")" || fail "the package differs when it is made again"
dpkg-deb --contents "$deb" | { ! grep -v ' 2023-11-14 22:13 '; } || fail "a time is not SOURCE_DATE_EPOCH"

# ---- what is in it --------------------------------------------------------------------------------------
dpkg-deb --contents "$deb" | awk '$1 !~ /^d/ { print $6 }' | grep -v '^./usr/share/man/' | sort >"$out/files"
diff - "$out/files" <<'END' || fail "the package has other files"
./etc/default/writ
./etc/writ/serve.json
./lib/systemd/system/writ-serve.service
./lib/systemd/system/writ-serve.socket
./usr/bin/writ
./usr/lib/sysusers.d/writ.conf
./usr/lib/tmpfiles.d/writ.conf
./usr/share/bash-completion/completions/writ
./usr/share/doc/writ/changelog.Debian.gz
./usr/share/doc/writ/changelog.gz
./usr/share/doc/writ/copyright
./usr/share/fish/vendor_completions.d/writ.fish
./usr/share/zsh/vendor-completions/_writ
END
made=$(cd "$build/cli/man" && find . -type f | sort)
packed=$(dpkg-deb --contents "$deb" | sed -n 's|.* \./usr/share/man/\(.*\)\.gz$|./\1|p' | sort)
[ "$made" = "$packed" ] || fail "the manual pages are not those that were made"
dpkg-deb --contents "$deb" | awk '$2 != "root/root" || substr($1, 6, 1) == "w" || substr($1, 9, 1) == "w"' | { ! grep .; } || fail "others could write"
dpkg-deb --field "$deb" Depends | grep -q 'libssl3.*libstdc++6' || fail "the libraries are no dependencies"
[ "$(dpkg-deb --field "$deb" Version)" = "$("$build/cli/writ" --version | sed 's/writ //')-1" ] || fail "another version"
if command -v lintian >/dev/null; then
    # It closes no bug of Debian's; and systemctl, unlike Debian's own tools, also removes what an administrator enabled.
    lintian --allow-root --profile debian --fail-on error,warning \
        --suppress-tags initial-upload-closes-no-bugs,maintainer-script-calls-systemctl "$deb" || fail "lintian"
else
    echo "no lintian here: the package is not checked by it"
fi

# ---- installed ------------------------------------------------------------------------------------------
root=$out/root
mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers} "$root/etc"
touch "$root/var/lib/dpkg/status" "$root/etc/passwd" "$root/etc/group"
in_root() { dpkg --root="$root" --log=/dev/null --force-script-chrootless --force-depends "$@" >"$out/dpkg" 2>&1 || { cat "$out/dpkg"; fail "dpkg $*"; }; }
installed=no
if [ "$(id -u)" = 0 ] && command -v systemd-sysusers >/dev/null && command -v systemd-tmpfiles >/dev/null; then
    installed=yes
    in_root --install "$deb"
    in_root --install "$deb"  # again, as an upgrade
    grep -q '^writ:' "$root/etc/passwd" && grep -q '^writ:' "$root/etc/group" || fail "there is no user writ"
    [ "$(stat -c '%a %u' "$root/var/lib/writ")" = "750 $(sed -n 's/^writ:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/passwd")" ] ||
        fail "/var/lib/writ is $(stat -c '%a %u' "$root/var/lib/writ")"
else
    echo "not root, or no systemd here: the package is only unpacked"
    dpkg -x "$deb" "$root"
fi
writ=$root/usr/bin/writ
[ "$("$writ" --version)" = "$("$build/cli/writ" --version)" ] || fail "the installed program has another version"
bash -c '. "$0" && complete -p writ' "$root/usr/share/bash-completion/completions/writ" >/dev/null || fail "the completion"
gzip -dc "$root/usr/share/man/man1/writ-serve.1.gz" | grep -q '^\.TH' || fail "the manual page"

# ---- the configuration ------------------------------------------------------------------------------------
"$writ" serve --help >"$out/help"
variables=$(sed -n 's/^#\{0,1\}\(WRIT_SERVE_[A-Z_]*\)=.*/\1/p' "$root/etc/default/writ")
[ "$(wc -w <<<"$variables")" -gt 8 ] || fail "/etc/default/writ has no settings"
for name in $variables; do
    option=--$(sed 's/^WRIT_SERVE_//' <<<"$name" | tr 'A-Z_' 'a-z-')
    grep -q -- "^  $option " "$out/help" || fail "$name is no setting"
done
# It runs as configured, with folders of its own instead of those in /var and /run.
export WRIT_SERVE_STORE=$out/policies.db WRIT_SERVE_STATE=$out/state WRIT_SERVE_LEDGER=$out/ledger WRIT_SERVE_ADMIN=unix:$out/admin.sock
export WRIT_SERVE_LISTEN=unix:$out/writ.sock WRIT_SERVE_DRAIN_DELAY=0
"$writ" store --store "$out/policies.db" init >/dev/null
"$writ" store --store "$out/policies.db" channel prod >/dev/null
"$writ" store --store "$out/policies.db" publish "$here/examples/refund/policy.writ" --channel prod >/dev/null
[ "$("$writ" serve --check --config "$root/etc/writ/serve.json")" = ok ] || fail "the configuration"
"$writ" serve --config "$root/etc/writ/serve.json" 2>"$out/log" &
service=$!
for _ in $(seq 100); do
    "$writ" healthcheck --admin "unix:$out/admin.sock" >"$out/health" 2>&1 && break
    sleep 0.1
done
grep -q '^ready$' "$out/health" || { cat "$out/log"; fail "the service is not ready"; }
answer=$(python3 "$here/examples/clients/python/ask.py" "unix:$out/writ.sock" <"$here/examples/refund/requests/permit.json") || fail "$answer"
kill "$service" && wait "$service" || fail "the service does not end well"
service=

# ---- the units ----------------------------------------------------------------------------------------------
if command -v systemd-analyze >/dev/null; then
    # What the units of the package refer to.
    mkdir -p "$root/lib/systemd/system" "$root/bin"
    cp /lib/systemd/system/*.target "$root/lib/systemd/system/"
    touch "$root/bin/kill" && chmod 755 "$root/bin/kill"
    systemd-analyze verify --root="$root" --man=no writ-serve.service writ-serve.socket >"$out/verify" 2>&1 ||
        { cat "$out/verify"; fail "the units"; }
    { ! grep writ "$out/verify"; } || fail "the units"
    systemd-analyze security --offline=true --root="$root" --threshold=15 writ-serve.service >"$out/security" 2>&1 ||
        { grep -v '^✓' "$out/security" || true; fail "the service is less locked up than it was"; }
else
    echo "no systemd-analyze here: the units are not checked"
fi

# ---- removed --------------------------------------------------------------------------------------------------
if [ "$installed" = yes ]; then
    touch "$root/var/lib/writ/policies.db"
    in_root --remove writ
    [ ! -e "$root/usr/bin/writ" ] && [ -e "$root/etc/writ/serve.json" ] || fail "removing"
    in_root --purge writ
    [ ! -e "$root/etc/writ/serve.json" ] && [ -e "$root/var/lib/writ/policies.db" ] || fail "purging"
fi
echo "the package is made, $([ "$installed" = yes ] && echo installed || echo unpacked), checked and used"
