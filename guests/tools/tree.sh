#!/bin/sh
# SPDX-License-Identifier: MIT
# Lay out the tools image: busybox, tpm2-tools, what they link, and the test programs.
# usage: tree.sh OUT_DIR PACKAGES_ROOT STUB_LIBRARY PROGRAM...
set -eu
here=$(dirname "$0")
# shellcheck source=guests/tools/elf.sh
. "$here/elf.sh"
out=$1 from=$2 stub=$3
shift 3

lib=$out/lib/x86_64-linux-gnu
rm -rf "$out"
mkdir -p "$out/bin" "$out/lib64" "$lib" "$out/tests" "$out/etc" "$out/root"

cp "$from/bin/busybox" "$out/bin/" 2>/dev/null || cp "$from/usr/bin/busybox" "$out/bin/"
for applet in $("$out/bin/busybox" --list); do
	[ "$applet" = busybox ] || ln -s busybox "$out/bin/$applet"
done
cp "$from/usr/bin/tpm2" "$out/bin/"
find "$from/usr/bin" -name 'tpm2_*' -type l -exec cp -P {} "$out/bin/" \;
cp --remove-destination "$here"/bin/* "$out/bin/"
for program; do
	case $program in
	*.sh) cp "$program" "$out/tests/$(basename "$program" .sh)" ;;
	*) cp "$program" "$out/tests/" ;;
	esac
done
cp "$here/external.sh" "$out/lib/external.sh"
cp "$here/etc/profile" "$out/etc/profile"
chmod 755 "$out"/bin/* "$out"/tests/*

tcti=$(elf_find "$from" 'libtss2-tcti-device.so.*')
programs="$out/bin/tpm2 $tcti"
for program in "$out"/tests/*; do
	[ "$(head -c 4 "$program" | tail -c 3)" != ELF ] || programs="$programs $program"
done
# shellcheck disable=SC2086 # a list of files
libs=$(libs_of "$from" $programs)
if echo "$libs" | grep '^missing ' >&2; then
	echo "tools: the packages in $from lack a library (guests/tools/fetch.sh)" >&2
	exit 1
fi
# shellcheck disable=SC2086 # lists of files
unmet=$(elf_unmet $programs $libs)
[ -z "$unmet" ] || {
	echo "tools: the packages in $from are too old for programs that are linked here; they lack" >&2
	echo "$unmet" >&2
	echo "tools: take those of a newer Debian release, PACKAGE_SUITE=sid" >&2
	exit 1
}
for file in $tcti $libs; do
	case $file in
	*/ld-linux-*) cp -L "$file" "$out/lib64/" ;;
	*) cp -L "$file" "$lib/" ;;
	esac
done
cp "$stub" "$lib/$elf_stub"
