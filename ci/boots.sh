#!/bin/sh
# SPDX-License-Identifier: MIT
# Boot the Linux guest with two vCPUs N times in a row; every boot must reach the agent and power off.
# usage: boots.sh N
set -u
cd "$(dirname "$0")/.."
total=${1:-50}
good=0
for i in $(seq "$total"); do
	out=$(${BUILD:-build}/keelson run linux --name boots --smp 2 --qemu "${QEMU:-qemu-system-x86_64}" ${KERNEL:+--kernel "$KERNEL" --initrd "$INITRAMFS"} ${RUNFLAGS-} 2>&1)
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
