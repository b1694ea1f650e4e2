#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the kernel module: against Debian's headers, which lie unpacked and never installed, or against
# a kernel that was built here (kernels/source.sh). A kernel of another release may want a compiler or
# a libc that this system does not have: then that is said, and the guest goes without the module.
# usage: build.sh KERNEL_DIR OUT_DIR   (leaves OUT_DIR/keelson.ko, or none)
set -eu
kernel=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
rm -f "$out/keelson.ko"

# kbuild works in no folder with a blank or a colon in its path: all of it is done in a copy elsewhere then.
case $kernel$out in
*[[:space:]:]*)
	copy=$(mktemp -d /tmp/keelson-module-XXXXXX)
	trap 'rm -rf "$copy"' EXIT
	cp -a "$kernel" "$copy/kernel"
	"$here/build.sh" "$copy/kernel" "$copy/out" && status=0 || status=$?
	cp -p "$copy/out/log" "$out/"
	[ ! -e "$copy/out/keelson.ko" ] || cp -p "$copy/out/keelson.ko" "$out/"
	exit "$status"
	;;
esac

# The headers' Makefile names its common part and kbuild by absolute path: point it at the unpacked ones,
# wherever these have been before.
relocate() {
	sed -i "s#[^ =]*/usr/src/#$src/#g" "$headers/Makefile" "$headers/.kernelvariables"
	rm -f "$headers/vmlinux" # no BTF: pahole is not asked for
}

left_out() {
	echo "module: left out: $1 (log: $out/log); tests that need it are skipped"
	exit 0
}

compiler=
if [ -d "$kernel/obj" ]; then
	set -- -C "$kernel/src" O="$kernel/obj"
else
	src=$kernel/headers/usr/src
	headers=$src/linux-headers-$(cat "$kernel/version")
	relocate
	set -- -C "$headers"
	# The compiler that built the kernel is best; another one will do as long as it knows the same options.
	compiler=$(sed -n 's/^CC = .*\(gcc-[0-9]*\)$/\1/p' "$headers/.kernelvariables")
	if [ -n "$compiler" ] && command -v "x86_64-linux-gnu-$compiler" >/dev/null 2>&1; then
		compiler=
	else
		set -- "$@" CC=gcc
	fi
fi
cp "$here"/*.c "$here"/*.h "$here/Kbuild" "$out/"
! make "$@" M="$out" modules >"$out/log" 2>&1 || exit 0

rm -f "$out/keelson.ko"
if grep -Eq 'GLIBC_[0-9.]+. not found|error while loading shared libraries' "$out/log"; then
	left_out "the programs in the headers of $(cat "$kernel/version") want a newer libc"
fi
[ -z "$compiler" ] || left_out "the headers of $(cat "$kernel/version") want $compiler, and $(gcc --version | head -n 1) does not do"
tail -n 20 "$out/log" >&2
echo "module: kbuild failed (log: $out/log)" >&2
exit 1
