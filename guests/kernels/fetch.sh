#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch the newest Debian 6.12 cloud kernel and its headers: verified by apt in a private
# configuration that is derived from the system's own sources, unpacked, never installed.
# usage: fetch.sh DIR   (leaves DIR/vmlinuz, DIR/config, DIR/version, DIR/modules, DIR/headers)
set -eu
dir=$1
suite=${KERNEL_SUITE:-bookworm-backports}
series=${KERNEL_SERIES:-6.12}

fail() {
	echo "fetch: $1" >&2
	exit 3
}

command -v apt-get >/dev/null 2>&1 || fail "no apt-get here: give a kernel with KERNEL=path/to/vmlinuz"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$dir/apt
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/etc"

# The first mirror that serves a Debian release suite (not security, not a vendor's own).
mirror() {
	cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | awk '
	function take(uri, suites) { if (uri != "" && suites ~ /(^| )(bookworm|trixie|forky|sid|stable|testing)( |$)/ && !done) { print uri; done = 1 } }
	/^[[:space:]]*#/ { next }
	/^URIs:/ { uri = $2 }
	/^Suites:/ { suites = $0; sub(/^Suites:[ ]*/, "", suites) }
	/^[[:space:]]*$/ { take(uri, suites); uri = suites = "" }
	/^deb[ \t]/ { l = $0; sub(/^deb[ \t]+/, "", l); sub(/^\[[^]]*\][ \t]*/, "", l); split(l, f, /[ \t]+/); take(f[1], f[2]) }
	END { take(uri, suites) }'
}
uri=$(mirror)
[ -n "$uri" ] || fail "no Debian mirror in this system's apt sources: give a kernel with KERNEL=path/to/vmlinuz"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || fail "no $keyring: install debian-archive-keyring"
echo "deb [signed-by=$keyring] $uri $suite main" >"$work/etc/sources.list"

apt() {
	tool=$1
	shift
	"$tool" -q -o Dir::Etc::sourcelist="$work/etc/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User= \
		-o Dir::State::status=/dev/null -o APT::Get::List-Cleanup=0 \
		-o APT::Architectures=amd64 -o APT::Architecture=amd64 -o Acquire::Languages=none "$@"
}
apt apt-get update >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; fail "apt-get update of $suite failed (log: $work/log)"; }

escaped=$(printf %s "$series" | sed 's/\./\\./g')
image=$(apt apt-cache search --names-only "^linux-image-$escaped\.[0-9]+.*-cloud-amd64$" | awk '{print $1}' |
	grep -v unsigned | sort -V | tail -n 1)
[ -n "$image" ] || fail "$suite has no linux-image-$series.*-cloud-amd64"
version=${image#linux-image-}
headers=linux-headers-$version
wanted="$image $headers $(apt apt-cache depends "$headers" | awk '/Depends: linux-/ {print $2}' |
	grep -E '^linux-(headers-.*-common|kbuild-)' | sort -u | tr '\n' ' ')"

cd "$work"
# shellcheck disable=SC2086 # a list of package names
apt apt-get download $wanted >>"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; fail "download failed (log: $work/log)"; }
rm -rf "$dir/root" "$dir/headers"
for p in $wanted; do
	case $p in
	linux-image-*) dpkg-deb -x "$work/$p"_*.deb "$dir/root" ;;
	*) dpkg-deb -x "$work/$p"_*.deb "$dir/headers" ;;
	esac
done
rm -f "$work"/*.deb
rm -rf "$dir/modules"
mv "$dir/root/lib/modules/$version" "$dir/modules" 2>/dev/null || mv "$dir/root/usr/lib/modules/$version" "$dir/modules"
mv "$dir/root/boot/config-$version" "$dir/config"
echo "$version" >"$dir/version"
mv "$dir/root/boot/vmlinuz-$version" "$dir/vmlinuz"
rm -rf "$dir/root"
touch "$dir/vmlinuz"
echo "  kernel $version"
