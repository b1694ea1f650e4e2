#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch tpm2-tools, busybox and the libraries they need, of the system's own Debian release: unpacked,
# never installed. Dependencies are followed by what the programs really link, not by what packages say.
# usage: fetch.sh DIR   (leaves DIR/root and DIR/packages, a file of names and versions)
set -eu
me=fetch-tools
here=$(dirname "$0")
# shellcheck source=guests/apt.sh
. "$here/../apt.sh"
# shellcheck source=guests/tools/elf.sh
. "$here/elf.sh"

dir=$1
suite=$(apt_package_suite)
rm -rf "$dir/root" "$dir/packages"
mkdir -p "$dir/root"
dir=$(cd "$dir" && pwd)
apt_open "$dir/apt" "$suite"

have=" "
get() { # the packages of the list that are not there yet
	new=
	for p; do
		case $have in *" $p "*) continue ;; esac
		have="$have$p "
		new="$new $p"
	done
	[ -n "$new" ] || return 1
	# shellcheck disable=SC2086 # a list of package names
	apt_get $new
	for p in $new; do
		dpkg-deb -f "$apt_dir/$p"_*.deb Package Version | awk '{printf "%s ", $2} END {print ""}' >>"$dir/packages"
		dpkg-deb -x "$apt_dir/$p"_*.deb "$dir/root"
	done
	rm -f "$apt_dir"/*.deb
}

depends() {
	private apt-cache depends "$@" | awk '$1 == "Depends:" && $2 !~ /[<>]/ {print $2}' |
		grep -Ev '^libcurl|^tpm-udev$' | sort -u
}

device=$(private apt-cache search --names-only '^libtss2-tcti-device' | awk 'NR == 1 {print $1}')
get busybox-static tpm2-tools "${device:-libtss2-tcti-device0}"
while :; do
	tcti=$(elf_find "$dir/root" 'libtss2-tcti-device.so.*')
	missing=$(libs_of "$dir/root" "$dir/root/usr/bin/tpm2" "$tcti" | grep '^missing ') || break
	# shellcheck disable=SC2046,SC2086 # lists of package names
	get $(depends $have) || fail "no package brings: $missing"
done
sort -o "$dir/packages" "$dir/packages"
echo "  tools $(awk '$1 == "tpm2-tools" {print $1, $2}' "$dir/packages")"
