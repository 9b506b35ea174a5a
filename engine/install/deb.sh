#!/usr/bin/env bash
# Makes a Debian package of the command, its pages and completions, and the service. The program must be built.
# The same sources and program give the same bytes; SOURCE_DATE_EPOCH sets the time in them, by default that of the last commit.
# usage: engine/install/deb.sh [BUILD_DIR] [OUT_DIR]      prints the name of the package
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 TZ=UTC
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "${1:-$root/build}" && pwd)
mkdir -p "${2:-.}"
out=$(cd "${2:-.}" && pwd)
writ=$build/cli/writ
: "${SOURCE_DATE_EPOCH:=$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/CHANGELOG.md")}"
export SOURCE_DATE_EPOCH
for tool in dpkg-deb dpkg-shlibdeps strip; do
    command -v "$tool" >/dev/null || { echo "deb: $tool is missing; install dpkg-dev and binutils" >&2; exit 4; }
done
[ -x "$writ" ] || { echo "deb: $writ does not exist; build it first" >&2; exit 4; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
put() { install -D -m "$1" "$2" "$tree/$3"; }
packed() { mkdir -p "$(dirname "$tree/$1")"; gzip -9n >"$tree/$1"; }
fill() { sed -e "s|@VERSION@|$version|" -e "s|@DATE@|$(date -R -d "@$SOURCE_DATE_EPOCH")|" "$1"; }
version=$("$writ" --version | sed 's/^writ //')-1

# ---- files ------------------------------------------------------------------------------------------
put 755 "$writ" usr/bin/writ
strip --remove-section=.comment --remove-section=.note "$tree/usr/bin/writ"
for page in "$build"/cli/man/man*/*; do
    packed "usr/share/man/$(basename "$(dirname "$page")")/$(basename "$page").gz" <"$page"
done
mkdir -p "$tree"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
"$writ" completion bash >"$tree/usr/share/bash-completion/completions/writ"
"$writ" completion zsh >"$tree/usr/share/zsh/vendor-completions/_writ"
"$writ" completion fish >"$tree/usr/share/fish/vendor_completions.d/writ.fish"
for unit in writ-serve.service writ-serve.socket; do put 644 "$here/systemd/$unit" "lib/systemd/system/$unit"; done
put 644 "$here/systemd/writ.sysusers" usr/lib/sysusers.d/writ.conf
put 644 "$here/systemd/writ.tmpfiles" usr/lib/tmpfiles.d/writ.conf
put 644 "$here/debian/serve.json" etc/writ/serve.json
put 644 "$here/debian/writ.default" etc/default/writ
put 644 "$here/debian/copyright" usr/share/doc/writ/copyright
packed usr/share/doc/writ/changelog.gz <"$root/CHANGELOG.md"
fill "$here/debian/changelog.in" | packed usr/share/doc/writ/changelog.Debian.gz

# ---- what the package says of itself ----------------------------------------------------------------
mkdir -p "$tree/DEBIAN" "$work/debian"
printf 'Source: writ\n\nPackage: writ\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O -e"$tree/usr/bin/writ" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "deb: the libraries of $writ are not those of packages" >&2; exit 4; }
size=$(find "$tree" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
fill "$here/debian/control.in" | sed -e "s|@ARCHITECTURE@|$(dpkg --print-architecture)|" -e "s|@SIZE@|$size|" -e "s|@DEPENDS@|$depends|" \
    >"$tree/DEBIAN/control"
(cd "$tree" && find etc -type f -printf '/%p\n' | sort) >"$tree/DEBIAN/conffiles"
(cd "$tree" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
for script in postinst prerm postrm; do install -m 755 "$here/debian/$script" "$tree/DEBIAN/$script"; done

# ---- the package ------------------------------------------------------------------------------------
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
package=$out/writ_${version}_$(dpkg --print-architecture).deb
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$tree" "$package" >/dev/null
echo "$package"
