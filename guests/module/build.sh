#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the kernel module: against Debian's headers, which lie unpacked and never installed, or against
# a kernel that was built here (kernels/source.sh).
# usage: build.sh KERNEL_DIR OUT_DIR
set -eu
kernel=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

# The headers' Makefile names its common part and kbuild by absolute path: point it at the unpacked ones.
relocate() {
	[ ! -e "$kernel/headers/.relocated" ] || return 0
	sed -i "s#\(^\|[^a-z]\)/usr/src/#\1$src/#g" "$headers/Makefile" "$headers/.kernelvariables" 2>/dev/null || true
	rm -f "$headers/vmlinux" # no BTF: pahole is not asked for
	touch "$kernel/headers/.relocated"
}

if [ -d "$kernel/obj" ]; then
	set -- -C "$kernel/src" O="$kernel/obj"
else
	src=$kernel/headers/usr/src
	headers=$src/linux-headers-$(cat "$kernel/version")
	relocate
	set -- -C "$headers"
fi
cp "$here"/*.c "$here"/*.h "$here/Kbuild" "$out/"
make "$@" M="$out" modules >"$out/log" 2>&1 || {
	tail -n 20 "$out/log" >&2
	echo "module: kbuild failed (log: $out/log)" >&2
	exit 1
}
