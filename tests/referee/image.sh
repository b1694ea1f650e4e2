#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
#
# Fetch the judges (the kernel's selftests of TPM and timers, the tpm2-tools integration scripts, rt-tests, stress-ng)
# and what they need at run time from Debian's packages, unpack it all, and pack it as an ext2 image for a virtio
# disk. Nothing is installed, no judge is changed, and only the timers' selftests are compiled (time.sh).
# usage: image.sh DIR STUB_LIBCURL   (leaves DIR/image.ext2, DIR/judges: a name, a tab and one line each, DIR/versions,
#                                     and DIR/left-out: what could not be had and why, where that is so)
set -eu
dir=$1 nocurl=$2
here=$(cd "$(dirname "$0")" && pwd)

# What the scripts call, or what calls the scripts.
programs='tpm2-tools bash coreutils findutils grep sed gawk diffutils procps debianutils util-linux
openssl xxd perl python3 python3-yaml pkg-config libtss2-dev libtss2-tcti-cmd0'

me=referee
# shellcheck source=guests/apt.sh
. "$here/../../guests/apt.sh"
# shellcheck source=tests/referee/time.sh
. "$here/time.sh"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
root=$dir/root   # what becomes the image
debs=$dir/debs   # the packages in it
cache=$dir/cache # the judges' sources, which outlast this build
rm -rf "$root" "$debs" "$dir/left-out"
mkdir -p "$cache" "$debs/partial"

# ---- the judges' sources ----

# The scripts belong to one version of the tools. Sets suite, tools, sum and tar, with the file in $cache; says why
# where that cannot be done, which is no error: the mirror may lack what its index lists.
tools_source() {
	suite=$1
	apt_try "$dir/apt" "$suite" 2>/dev/null || { why="no mirror has $suite"; return 1; }
	apt_sources "$suite"
	tools=$(private apt-cache show --no-all-versions tpm2-tools | awk '/^Version:/ {print $2}')
	# The sum stands in the archive's index, which apt has verified: the file may come from anywhere.
	index=$(private apt-cache showsrc --only-source tpm2-tools | awk -v RS= -v v="${tools%+b[0-9]*}" 'index($0, "\nVersion: " v "\n")')
	line=$(echo "$index" | awk '/^Checksums-Sha256:/ {on = 1; next} /^[^ ]/ {on = 0} on && $3 ~ /\.orig\.tar\.[a-z0-9]+$/ {print $1, $3}')
	sum=${line% *} tar=${line#* }
	[ -n "$line" ] || { why="$suite has no source of tpm2-tools $tools"; return 1; }
	why="the mirror lacks $suite's $tar (name a copy with REFEREE_TARBALL=path: sha256 $sum)"
	if [ -n "${REFEREE_TARBALL:-}" ]; then
		cp "$REFEREE_TARBALL" "$cache/$tar"
	elif ! [ -e "$cache/$tar" ]; then
		(cd "$cache" && private apt-get source --download-only --tar-only "tpm2-tools=$tools" >>"$apt_dir/log" 2>&1) || return 1
	fi
	echo "$sum  $cache/$tar" | sha256sum -c --quiet >/dev/null 2>&1 && return
	rm -f "$cache/$tar"
	why="$tar does not have the archive's sha256 $sum"
	[ -z "${REFEREE_TARBALL:-}" ] || fail "$why"
	return 1
}

# The image brings its own libc, so any release's will do; a tarball that was named is for our own.
first=$(apt_package_suite)
others=$(echo bookworm trixie sid | sed "s/$first//")
[ -z "${REFEREE_TARBALL:-}" ] || others=
found=
for candidate in $first $others; do
	if tools_source "$candidate"; then
		found=$candidate
		break
	fi
	echo "  referee $why"
done
if [ -z "$found" ]; then
	echo "tools-* no source of tpm2-tools could be had from this mirror" >"$dir/left-out"
	suite=$first
	apt_open "$dir/apt" "$suite"
fi

# ---- the root file system ----

# shellcheck disable=SC2086,SC2154 # lists of package names
apt_log private apt-get install --download-only --yes --no-install-recommends \
	-o Debug::NoLocking=1 -o Dir::Cache::archives="$debs" $programs $time_packages ||
	fail "download failed (log: $apt_dir/log)"

for d in bin sbin lib lib64; do
	mkdir -p "$root/usr/$d"
	ln -s "usr/$d" "$root/$d"
done
for deb in "$debs"/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$root" -xf - --keep-directory-symlink \
		--exclude='./usr/share/doc*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='*.a'
done
# What the packages' own set-up scripts would have done.
ln -sf gawk "$root/usr/bin/awk"
ln -sf bash "$root/usr/bin/sh"
ln -sf which.debianutils "$root/usr/bin/which"
# tpm2_getekcertificate asks a web server, and there is no network: without this library's 25 dependencies
# each of the thousands of calls of a tool takes half the time.
curl=$(find "$root/usr/lib" -name 'libcurl-gnutls.so.4')
[ -z "$curl" ] || cp --remove-destination "$nocurl" "$curl"
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/logs" "$root/judges" "$root/root"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

# ---- the judges ----

linux=linux-source-${KERNEL_SERIES:-$(cut -d. -f1,2 "$dir/../kernel/version")}
apt_open "$dir/apt-kernel" "${KERNEL_SUITE:?}"
version=$(private apt-cache show --no-all-versions "$linux" | awk '/^Version:/ {print $2}')
deb=$cache/${linux}_${version}_all.deb
if ! [ -e "$deb" ]; then
	rm -f "$cache/$linux"_*.deb
	apt_get "$linux"
	mv "$apt_dir/$linux"_*.deb "$deb"
fi
tests=$dir/selftests
rm -rf "$tests"
mkdir -p "$tests"
dpkg-deb --fsys-tarfile "$deb" | tar -xOf - "./usr/src/$linux.tar.xz" |
	xz -dc -T0 | tar -C "$tests" -xf - --strip-components=4 --wildcards "$linux/tools/testing/selftests/tpm2" \
	"$linux/tools/testing/selftests/timers" "$linux/tools/testing/selftests/kselftest*.h"
[ -e "$tests/tpm2/test_smoke.sh" ] || fail "no selftests for tpm2 in $deb"
[ -e "$tests/timers/posix_timers.c" ] || fail "no selftests for timers in $deb"
mv "$tests/tpm2" "$root/judges"
time_build "$tests/timers" "$root/judges/timers" || fail "the selftests for timers do not compile"
rm -rf "$tests"

if [ -n "$found" ]; then
	mkdir -p "$root/judges/tpm2-tools"
	tar -C "$root/judges/tpm2-tools" -xf "$cache/$tar" --strip-components=1
fi

# ---- the image ----

cp "$here/judge.sh" "$root/judges/judge"
chmod 755 "$root/judges/judge"
{
	for f in "$root"/judges/tpm2/test_*.sh; do
		name=$(basename "$f" .sh)
		printf 'kernel-%s\tselftests/tpm2/%s.sh of %s\n' "${name#test_}" "$name" "$linux"
	done
	for f in "$root"/judges/tpm2-tools/test/integration/tests/*.sh; do
		[ -e "$f" ] || continue
		name=$(basename "$f" .sh)
		printf 'tools-%s\ttest/integration/tests/%s.sh of tpm2-tools\n' "$name" "$name"
	done
	time_names "$root/judges/timers"
} | LC_ALL=C sort >"$dir/judges.new"
{
	dpkg-deb -f "$debs"/tpm2-tools_*.deb Package Version | awk '{printf "%s%s", sep, $2; sep = " "} END {print ""}'
	echo "$linux $version"
	for deb in "$debs"/libtss2-esys*.deb "$debs"/openssl_*.deb "$debs"/python3_*.deb "$debs"/rt-tests_*.deb "$debs"/stress-ng_*.deb; do
		dpkg-deb -f "$deb" Package Version | awk '{printf "%s%s", sep, $2; sep = " "} END {print ""}'
	done
} >"$dir/versions"
size=$(du -sm "$root" | cut -f 1)
mke2fs -q -F -t ext2 -m 0 -E root_owner=0:0 -d "$root" "$dir/image.new" "$((size + size / 4 + 64))M" >"$dir/mke2fs.log"
rm -rf "$root" "$debs"
mv "$dir/judges.new" "$dir/judges"
mv "$dir/image.new" "$dir/image.ext2"
echo "  referee $(wc -l <"$dir/judges") judges, $(paste -s -d , "$dir/versions")"
