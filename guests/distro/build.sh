#!/bin/sh
# SPDX-License-Identifier: MIT
# Make a disk image of Debian that OVMF boots: an EFI partition and a LUKS2 root. mmdebstrap makes the tree and
# runs assemble.sh inside it; nothing is mounted here, and there is no loop device.
# usage: build.sh SUITE IMAGE CARRY   (CARRY: the built program of carry.c)
set -eu
suite=$1 image=$2 carry=$3
me=image
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=guests/apt.sh
. "$here/../apt.sh"

# The kernel must be 6.11 or newer; systemd-cryptsetup is a package of its own since Debian 13.
case $suite in
bookworm) from=/bookworm-backports more= ;;
trixie) from='' more=,systemd-cryptsetup ;;
*) fail "IMAGE_SUITE=$suite: bookworm and trixie are what an image is made of" ;;
esac
packages=linux-image-cloud-amd64$from,dracut,systemd-sysv,udev,kmod,cryptsetup-bin,tpm2-tools,libtss2-tcti-device0$more

sources() {
	echo "deb [signed-by=$apt_keyring] $mirror $suite main"
	[ -z "$from" ] || echo "deb [signed-by=$apt_keyring] $mirror $suite-backports main"
}

tree() { # WORDS...: the rest of mmdebstrap's command line
	mmdebstrap --variant=minbase --format=null --include="$packages" \
		--aptopt="$(apt-config dump Acquire::Check-Valid-Until)" \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$@" "$suite" /dev/null -
}

[ "$(id -u)" -eq 0 ] || fail "mmdebstrap makes the image's tree as root: run this as root"
apt_check
mirror=$(apt_mirrors | head -n 1)
mkdir -p "$(dirname "$image")"
log=$image.log
export INITRD=No # the kernel's package makes no initrd: assemble.sh does
sources | tree \
	--customize-hook='mkdir "$1/keelson" "$1/keelson/image" "$1/keelson/module"' \
	--customize-hook="sync-in '$here' /keelson/image" \
	--customize-hook="sync-in '$here/../module' /keelson/module" \
	--customize-hook="upload '$carry' /keelson/carry" \
	--customize-hook="chroot \"\$1\" /keelson/image/assemble.sh $suite" \
	--customize-hook="download /keelson/disk.img '$image.new'" >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	fail "no image (log: $log)"
}
mv "$image.new" "$image"
