#!/bin/sh
# SPDX-License-Identifier: MIT
# A tree with busybox as the shell of the installed initramfs, for `keelson run --exec` and --shell; an empty one, with
# a word why, where this machine has no busybox that runs without libraries.
# usage: shell.sh TREE
set -eu
tree=$1
rm -rf "$tree"
mkdir -p "$tree"
busybox=$(command -v busybox || :)
if [ -z "$busybox" ] || readelf -l "$busybox" | grep -q INTERP; then
	echo "install: no static busybox here (Debian: busybox-static), so the installed guest image has no shell" >&2
	exit 0
fi
mkdir "$tree/bin"
cp "$busybox" "$tree/bin/busybox"
for applet in $("$busybox" --list); do
	[ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
done
