#!/bin/sh
# SPDX-License-Identifier: MIT
# Build a small kernel from Debian's newest linux-source package that has the driver for the SVSM's vTPM
# and that this compiler can build. Takes a quarter of an hour on two cores; does nothing when the kernel
# is there already. JOBS=n builds with n processes.
# usage: source.sh DIR   (leaves DIR/vmlinuz, DIR/config, DIR/version, and in DIR/src and DIR/obj what
#                         modules are built against)
set -eu
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
fragment=$here/tcgsvsm.config
suites=${KERNEL_SOURCE_SUITES:-bookworm bookworm-backports trixie trixie-backports}

me=source
# shellcheck source=guests/apt.sh
. "$here/../apt.sh"

say() {
	printf '  %-8s %s\n' "$1" "$2"
}

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
key=$(cat "$fragment" "$0" | sha256sum | cut -d' ' -f1)
[ -e "$dir/vmlinuz" ] && [ "$(cat "$dir/key" 2>/dev/null)" = "$key" ] && exit 0

"$here/../../ci/deps.sh" bc flex bison libelf-dev libssl-dev xz-utils zstd

# Does the source in $dir/src suit this machine, and has it the driver? Says why not.
suitable() {
	tools=$dir/src/scripts/min-tool-version.sh
	[ -e "$dir/src/drivers/char/tpm/tpm_svsm.c" ] || { say SKIP "$1 has no driver for the SVSM's vTPM"; return 1; }
	have=$(${CC:-gcc} -dumpfullversion) want=$("$tools" gcc)
	at_least "$have" "$want" || { say SKIP "$1 asks for gcc $want, this is $have"; return 1; }
	have=$(${LD:-ld} --version | awk 'NR == 1 {print $NF}') want=$("$tools" binutils)
	at_least "$have" "$want" || { say SKIP "$1 asks for binutils $want, these are $have"; return 1; }
}

unpack() {
	apt_get "$1"
	rm -rf "$dir/src" "$dir/obj"
	mkdir -p "$dir/src" "$dir/obj"
	dpkg-deb --fsys-tarfile "$apt_dir/$1"_*.deb | tar -xO "./usr/src/$1.tar.xz" | tar -C "$dir/src" --strip-components=1 -xJ
	rm -f "$apt_dir/$1"_*.deb
}

# The newest first; an older one only where a newer does not do.
choose() {
	for package in $(private apt-cache search --names-only '^linux-source-[0-9.]+$' | awk '{print $1}' | sort -Vr); do
		say FETCH "$package"
		unpack "$package"
		suitable "$package" && return
	done
	fail "no linux-source package of $suites suits this machine"
}

kbuild() {
	env -u MAKEFLAGS -u MAKELEVEL -u CC -u LD -u OBJCOPY -u NM -u BUILD -u V \
		KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=keelson KBUILD_BUILD_HOST=keelson \
		make -C "$dir/src" O="$dir/obj" HOSTCC="${HOSTCC:-gcc}" CC="${CC:-gcc}" LD="${LD:-ld}" \
		OBJCOPY="${OBJCOPY:-objcopy}" NM="${NM:-nm}" "$@"
}

# What the fragment asks for and the kernel's own rules took away again would be missed much later.
configure() {
	kbuild KCONFIG_ALLCONFIG="$fragment" allnoconfig >"$dir/log" 2>&1 || fail "allnoconfig failed (log: $dir/log)"
	lost=$(grep '^CONFIG_' "$fragment" | grep -vxFf "$dir/obj/.config" || true)
	[ -z "$lost" ] || fail "this source does not take $(echo "$lost" | tr '\n' ' ')"
}

compile() {
	rm -f "$dir/failed"
	{ kbuild -j"${JOBS:-2}" bzImage modules 2>&1 || touch "$dir/failed"; } | awk -v log_file="$dir/log" '
		{ print >log_file; fflush(log_file) }
		/^  (CC|AS) / && !(++n % 250) { printf "  %-8s %d objects\n", "KERNEL", n; fflush() }'
	[ ! -e "$dir/failed" ] || { tail -n 20 "$dir/log" >&2; fail "the kernel does not build (log: $dir/log)"; }
}

# Modules need the headers, scripts and objtool; the rest is a gigabyte.
prune() {
	find "$dir/src" -mindepth 1 -maxdepth 1 ! -name include ! -name scripts ! -name arch ! -name tools \
		! -name Makefile ! -name Kbuild ! -name 'Kconfig*' ! -name COPYING -exec rm -rf {} +
	find "$dir/src/arch" -mindepth 1 -maxdepth 1 ! -name x86 ! -name 'Kconfig*' -exec rm -rf {} +
	find "$dir/src/tools" -mindepth 1 -maxdepth 1 ! -name objtool ! -name include ! -name build ! -name scripts -exec rm -rf {} +
	find "$dir/obj" \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' \) ! -path "$dir/obj/scripts/*" ! -path "$dir/obj/tools/*" -delete
	rm -rf "$apt_dir" "$dir/obj/vmlinux" "$dir/obj/vmlinux.unstripped"
}

# shellcheck disable=SC2086 # a list of suites
apt_open "$dir/apt" $suites
rm -f "$dir/vmlinuz"
choose
configure
say KERNEL "$package with $(grep -c '=[ym]$' "$dir/obj/.config") options"
compile
cp "$dir/obj/.config" "$dir/config"
cp "$dir/obj/include/config/kernel.release" "$dir/version"
cp "$dir/obj/arch/x86/boot/bzImage" "$dir/vmlinuz.new"
prune
echo "$key" >"$dir/key"
mv "$dir/vmlinuz.new" "$dir/vmlinuz"
say KERNEL "$(cat "$dir/version") from $package"
