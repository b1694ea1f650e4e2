#!/bin/sh
# SPDX-License-Identifier: MIT
# What a step needs: says the first thing that is not there and fails.
# usage: needs.sh WORD...
#   root            to be root
#   tool:NAME       a program
#   file:PATH       a file that can be read
#   option:WORD     an option of `keelson test`
#   command:WORD    a command of keelson
#   other-qemu:V    this system's QEMU is not of that version, which has a step of its own
#   memory:GIB disk:GIB   free now
set -u
build=${BUILD:-build}
no() {
	echo "$1"
	exit 1
}
for word; do
	what=${word#*:}
	case $word in
	root) [ "$(id -u)" -eq 0 ] || no 'not root' ;;
	tool:*) command -v "$what" >/dev/null || no "no $what here" ;;
	file:*) [ -r "$what" ] || no "no $what" ;;
	option:*) "$build/keelson" test --help | grep -q -e " $what " || no "this keelson has no test $what" ;;
	command:*) "$build/keelson" --help | grep -q "^  $what " || no "this keelson has no $what" ;;
	other-qemu:*)
		! "${QEMU:-qemu-system-x86_64}" --version 2>/dev/null | grep -q "version $what\." ||
			no "this system has QEMU $what: the other steps run it"
		;;
	memory:*)
		awk -v want="$what" '/^MemAvailable/ { exit $2 < want * 1048576 }' /proc/meminfo || no "less than $what GiB of memory free"
		;;
	disk:*)
		df -Pk . | awk -v want="$what" 'NR == 2 { exit $4 < want * 1048576 }' || no "less than $what GiB of disk free"
		;;
	*) no "needs.sh does not know $word" ;;
	esac
done
