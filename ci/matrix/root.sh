#!/bin/sh
# SPDX-License-Identifier: MIT
# A bare root of a Debian release, as a newcomer's machine: what debootstrap's minbase has, git, make and
# certificates, and a user without rights. It is made once and brought up to date after that.
# usage: root.sh make SUITE DIR           make it, or upgrade what is in it
#        root.sh run DIR USER COMMAND     run a shell command in it, as root or as the user `keelson`
set -eu
me=matrix
# shellcheck source=guests/apt.sh
. "$(dirname "$0")/../../guests/apt.sh"

# A mount and process namespace of its own, so that nothing stays mounted or running behind the command.
# shellcheck disable=SC2016 # the inner shell's
inside='
mount -t proc proc "$1/proc"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
mount --bind "$1/dev/pts/ptmx" "$1/dev/ptmx"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb \
	${http_proxy:+http_proxy="$http_proxy"} su -s /bin/sh "$2" -c "$3"
'

run() {
	unshare --mount --pid --fork --kill-child sh -euc "$inside" sh "$@"
}

# The mirror is the system's, so what the system says about it holds in the root: a frozen one counts as expired.
upgrade() {
	apt-config dump Acquire::Check-Valid-Until >"$1/etc/apt/apt.conf.d/90matrix"
	cp -L /etc/resolv.conf "$1/etc/resolv.conf" 2>/dev/null || :
	run "$1" root 'export DEBIAN_FRONTEND=noninteractive; apt-get -q update && apt-get -q -y dist-upgrade && apt-get -q clean'
}

make_root() {
	suite=$1 dir=$2
	[ "$(id -u)" -eq 0 ] || fail "a root is made by debootstrap and entered by chroot: run this as root"
	command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
	if [ ! -d "$dir" ]; then
		apt_check
		mirror=$(apt_mirrors | head -n 1)
		rm -rf "$dir.new"
		debootstrap --variant=minbase --include=git,make,ca-certificates \
			--keyring="$apt_keyring" "$suite" "$dir.new" "$mirror"
		chroot "$dir.new" useradd --create-home --shell /bin/sh keelson
		mv "$dir.new" "$dir"
	fi
	upgrade "$dir"
}

command=$1
shift
case $command in
make) make_root "$@" ;;
run) run "$@" ;;
*) fail "usage: root.sh make SUITE DIR | run DIR USER COMMAND" ;;
esac
