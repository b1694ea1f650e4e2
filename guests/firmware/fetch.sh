#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch a Debian release's OVMF, the image with which an SVSM's guest can start (one file, variables in it): verified by
# apt in a private configuration, unpacked, never installed.
# usage: fetch.sh DIR SUITE FILE   (leaves DIR/FILE and DIR/FILE.version)
set -eu
dir=$1 suite=$2 file=$3

me=fetch-firmware
# shellcheck source=guests/apt.sh
. "$(dirname "$0")/../apt.sh"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
apt_open "$dir/apt-$suite" "$suite"

# Newer releases have split the package; the generic image is the one without an owner's choices.
package=ovmf-generic
private apt-cache show "$package" >/dev/null 2>&1 || package=ovmf
apt_get "$package"
root=$dir/root-$suite
rm -rf "$root"
for deb in "$apt_dir/$package"_*.deb; do
	dpkg-deb -x "$deb" "$root"
	version=$(dpkg-deb -f "$deb" Version)
done
rm -f "$apt_dir"/*.deb
image=$root/usr/share/ovmf/OVMF.fd
[ -s "$image" ] || fail "$package $version of $suite has no usr/share/ovmf/OVMF.fd"
mv "$image" "$dir/$file.new"
rm -rf "$root"
echo "$version" >"$dir/$file.version"
mv "$dir/$file.new" "$dir/$file"
touch "$dir/$file"
echo "  OVMF $version of $suite"
