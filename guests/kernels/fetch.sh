#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch the newest Debian 6.12 cloud kernel and its headers: verified by apt in a private
# configuration that is derived from the system's own sources, unpacked, never installed.
# usage: fetch.sh DIR   (leaves DIR/vmlinuz, DIR/config, DIR/version, DIR/modules, DIR/headers)
set -eu
dir=$1
suite=${KERNEL_SUITE:-bookworm-backports}
series=${KERNEL_SERIES:-6.12}

me=fetch
# shellcheck source=guests/apt.sh
. "$(dirname "$0")/../apt.sh"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$dir/apt
apt_open "$work" "$suite"

escaped=$(printf %s "$series" | sed 's/\./\\./g')
image=$(private apt-cache search --names-only "^linux-image-$escaped\.[0-9]+.*-cloud-amd64$" | awk '{print $1}' |
	grep -v unsigned | sort -V | tail -n 1)
[ -n "$image" ] || fail "$suite has no linux-image-$series.*-cloud-amd64"
version=${image#linux-image-}
headers=linux-headers-$version
wanted="$image $headers $(private apt-cache depends "$headers" | awk '/Depends: linux-/ {print $2}' |
	grep -E '^linux-(headers-.*-common|kbuild-)' | sort -u | tr '\n' ' ')"

# shellcheck disable=SC2086 # a list of package names
apt_get $wanted
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
