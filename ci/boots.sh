#!/bin/sh
# SPDX-License-Identifier: MIT
# Boot the Linux guest with two vCPUs N times in a row; every boot must reach the agent and power off.
# With suites (make boots SUITES='vtpm-raw vtpm-tss'), all tests of each must pass N times instead.
# usage: boots.sh N [SUITE...]
set -u
cd "$(dirname "$0")/.." || exit 3
total=${1:-50}
[ $# -eq 0 ] || shift
good=0
once() {
	if [ $# -gt 0 ]; then
		"${BUILD:-build}/keelson" test "$@" --name boots --qemu "${QEMU:-qemu-system-x86_64}" 2>&1
	else
		"${BUILD:-build}/keelson" run linux --name boots --smp 2 --qemu "${QEMU:-qemu-system-x86_64}" \
			${KERNEL:+--kernel "$KERNEL" --initrd "$INITRAMFS"} ${RUNFLAGS-} 2>&1
	fi
}
for i in $(seq "$total"); do
	out=$(once "$@")
	rc=$?
	if [ $rc -eq 0 ]; then
		good=$((good + 1))
	else
		printf 'boot %d: exit %d\n%s\n' "$i" $rc "$out"
		cp -rL "${BUILD:-build}/runs/latest" "${BUILD:-build}/runs/boots-failed-$i" 2>/dev/null
	fi
	printf '\r%d of %d good' "$good" "$i"
done
printf '\n%d passed, %d failed\n' "$good" $((total - good))
[ "$good" -eq "$total" ]
