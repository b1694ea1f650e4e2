#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the kernel module against Debian's headers, which lie unpacked and never installed.
# usage: build.sh KERNEL_DIR OUT_DIR
set -eu
kernel=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
version=$(cat "$kernel/version")
src=$kernel/headers/usr/src
headers=$src/linux-headers-$version

# The headers' Makefile names its common part and kbuild by absolute path: point it at the unpacked ones.
if ! [ -e "$kernel/headers/.relocated" ]; then
	sed -i "s#\(^\|[^a-z]\)/usr/src/#\1$src/#g" "$headers/Makefile" "$headers/.kernelvariables" 2>/dev/null || true
	rm -f "$headers/vmlinux" # no BTF: pahole is not asked for
	touch "$kernel/headers/.relocated"
fi
cp "$here"/*.c "$here"/*.h "$here/Kbuild" "$out/"
make -C "$headers" M="$out" modules >"$out/log" 2>&1 || {
	tail -n 20 "$out/log" >&2
	echo "module: kbuild failed (log: $out/log)" >&2
	exit 1
}
