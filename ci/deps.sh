#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what the project needs from Debian and what is not there yet; say what is missing where that cannot be done.
# It looks each time: the next container may have the same build folder and nothing installed.
# usage: deps.sh [PACKAGE...]   (other packages than those of `make check`)
#        deps.sh --tell         (say what is missing and install nothing)
set -eu
tell=
[ "${1-}" != --tell ] || { tell=yes; shift; }
# Where the trials of these lines keep their own /etc.
etc=${APT_ETC:-/etc}

packages='gcc libc6-dev make binutils qemu-system-x86 libssl-dev libtpms-dev libtss2-dev tpm2-tools libjansson-dev
python3 python3-pytest python3-pytest-xdist python3-cryptography openssl acpica-tools cpio xz-utils kmod clang-format cppcheck shellcheck pyflakes3 yamllint git ca-certificates'
# Outside Debian the guest's packages are verified with a keyring that is not there by itself.
grep -qx 'ID=debian' "$etc/os-release" 2>/dev/null || packages="$packages debian-archive-keyring"
[ $# -eq 0 ] || packages=$*

# What is built and run needs these, whatever the distribution calls the packages.
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
	lacking=
	for tool in gcc ld make qemu-system-x86_64 iasl cpio xz python3; do
		command -v "$tool" >/dev/null 2>&1 || lacking="$lacking $tool"
	done
	for library in libc.a libcrypto.a libtpms.a libjansson.so; do
		gcc -print-file-name="$library" 2>/dev/null | grep -q / || lacking="$lacking $library"
	done
	[ -n "$lacking" ] || exit 0
	cat >&2 <<-END
	deps: no apt-get here, and this system lacks:$lacking
	deps: install them and run make again with KERNEL=path/to/vmlinuz, or run it all in a container:
	      docker run --rm -it -v "\$PWD":/src:z -w /src debian:12 sh -c 'apt-get update && apt-get install -y make git ca-certificates && make run'
	END
	exit 3
fi

missing=
# shellcheck disable=SC2086 # a list of package names
there=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $packages 2>/dev/null || :)
for p in $packages; do
	echo "$there" | grep -qx "$p installed" || missing="$missing $p"
done
if [ -n "$tell" ]; then
	[ -z "$missing" ] || echo "deps: packages are missing; as root, run: apt-get install -y --no-install-recommends$missing" >&2
	exit 0
fi
if [ -n "$missing" ]; then
	install="apt-get install -y --no-install-recommends$missing"
	sudo=
	if [ "$(id -u)" -ne 0 ]; then
		if sudo -n true 2>/dev/null; then
			sudo=sudo
		else
			echo "deps: packages are missing; as root, run: $install" >&2
			exit 3
		fi
	fi
	echo "deps: installing$missing"
	log=$(mktemp)
	{ $sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $sudo $install; } >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		echo "deps: apt-get failed (whole log: $log); as root, run: $install" >&2
		exit 3
	}
	rm -f "$log"
fi
