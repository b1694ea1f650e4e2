#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch the newest Debian cloud kernel of a series and its headers: verified by apt in a private configuration,
# unpacked, never installed.
# usage: fetch.sh DIR SUITE [SERIES]   (leaves DIR/vmlinuz, DIR/config, DIR/version, DIR/modules, DIR/headers)
set -eu
dir=$1 suite=$2 series=${3-}

me=fetch
# shellcheck source=guests/apt.sh
. "$(dirname "$0")/../apt.sh"
# shellcheck source=guests/kernels/images.sh
. "$(dirname "$0")/images.sh"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
root=$dir/root
apt_open "$dir/apt" "$suite"

image=$(kernel_images "$series" | tail -n 1)
[ -n "$image" ] ||
	fail "$suite has no linux-image-$series.*-cloud-amd64, but $(kernel_images | tr '\n' ' '): choose with KERNEL_SERIES="
version=${image#linux-image-}
at_least "$version" 6.11 ||
	fail "$suite has Linux $version, which does not run under an SVSM: that takes 6.11 or newer, as KERNEL_SUITE=bookworm-backports has"

# Image and headers may be split over several packages: those that they depend on, and these in turn. A kernel's
# own packages have its version in their names.
with_depends() {
	seen=' '
	while [ $# -gt 0 ]; do
		p=$1
		shift
		case $seen in *" $p "*) continue ;; esac
		seen="$seen$p "
		# shellcheck disable=SC2046 # a list of package names
		set -- "$@" $(private apt-cache depends "$p" |
			awk '$1 ~ /^\|?(Pre)?Depends:$/ && $2 ~ /^linux-.*[0-9]/ && $2 !~ /-unsigned$/ {print $2}')
	done
	echo "$seen"
}

there() { # WHAT FIND-WORDS...: where it lies in the packages
	what=$1
	shift
	found=$(find "$root" "$@" | head -n 1)
	[ -n "$found" ] || fail "$wanted have no $what"
	echo "$found"
}

wanted=$(with_depends "$image" "linux-headers-$version")
# shellcheck disable=SC2086 # a list of package names
apt_get $wanted
rm -rf "$root" "$dir/headers" "$dir/modules" "$dir/vmlinuz"
for deb in "$apt_dir"/*.deb; do
	dpkg-deb -x "$deb" "$root"
done
rm -f "$apt_dir"/*.deb

vmlinuz=$(there vmlinuz -path "*/vmlinuz-$version" -o -path "*/$version/vmlinuz")
config=$(there config -path "*/config-$version" -o -path "*/$version/config")
mv "$config" "$dir/config"
mv "$vmlinuz" "$dir/vmlinuz.new"
mkdir "$dir/modules"
find "$root" -path "*/lib/modules/$version" -type d | while read -r d; do
	cp -a "$d/." "$dir/modules/"
	rm -rf "$d"
done
rm -f "$dir/modules/build" "$dir/modules/source" # they lead into a system that has the headers installed
mkdir "$dir/headers"
mv "$root/usr" "$dir/headers/usr"
rm -rf "$root" "$dir/headers/usr/share"
echo "$version" >"$dir/version"
mv "$dir/vmlinuz.new" "$dir/vmlinuz"
touch "$dir/vmlinuz"
echo "  kernel $version of $suite"
