#!/bin/sh
# SPDX-License-Identifier: MIT
# QEMU of another Debian release, with the libraries that it was built for: unpacked and never installed, and a script that
# starts it. A release that has been unpacked stays as it is until its folder is removed.
# usage: qemu.sh SUITE   (prints the script's path: build/qemu/SUITE/qemu-system-x86_64)
set -eu
me=qemu
cd "$(dirname "$0")/../.."
# shellcheck source=guests/apt.sh
. guests/apt.sh

suite=$1
dir=${BUILD:-build}/qemu/$suite
script=$dir/qemu-system-x86_64
# A backport's libraries are those of its release.
case $suite in *-backports) suites="$suite ${suite%-backports}" ;; *) suites=$suite ;; esac

unpack() {
	rm -rf "$dir/root" "$dir/debs"
	mkdir -p "$dir/root" "$dir/debs"
	# shellcheck disable=SC2086 # a list of suites
	apt_open "$dir/apt" $suites
	apt_log private apt-get install -y --download-only --no-install-recommends -t "$suite" \
		-o Dir::Cache::archives="$PWD/$dir/debs" qemu-system-x86 || fail "download failed (log: $apt_dir/log)"
	for deb in "$dir"/debs/*.deb; do
		dpkg-deb -x "$deb" "$dir/root"
	done
	rm -rf "$dir/debs"
}

# The loader of the same release; firmware and modules are looked for in the tree.
write_script() {
	root=$(cd "$dir/root" && pwd)
	loader=$(find "$root" -name 'ld-linux-x86-64.so.2' | head -n 1)
	[ -n "$loader" ] || fail "no loader in $root"
	lib=/usr/lib/x86_64-linux-gnu
	cat >"$script.new" <<-END
	#!/bin/sh
	QEMU_MODULE_DIR='$root$lib/qemu' exec '$loader' \\
		--library-path '$root/lib/x86_64-linux-gnu:$root$lib:$root$lib/pulseaudio' \\
		'$root/usr/bin/qemu-system-x86_64' -L '$root/usr/share/qemu' -L '$root/usr/share/seabios' "\$@"
	END
	chmod +x "$script.new"
	"$script.new" --version >/dev/null || fail "$script.new does not run"
	mv "$script.new" "$script"
}

if [ ! -x "$script" ]; then
	unpack
	write_script
fi
echo "$script"
