#!/bin/sh
# SPDX-License-Identifier: MIT
# Boot the Linux guest with two vCPUs (SMP=n) N times in a row; every boot must reach the agent and power off.
# With suites (make boots SUITES='vtpm-raw vtpm-tss'), all tests of each must pass N times instead.
# LOAD=n keeps n busy processes beside the boots, all on the same two cores.
# usage: boots.sh N [SUITE...]
set -u
cd "$(dirname "$0")/.." || exit 3
total=${1:-50}
[ $# -eq 0 ] || shift
good=0 done=0 codes='' load=${LOAD:-0}
case $total in
*[!0-9]* | '' | 0)
	echo "boots: N is a number of boots, at least 1, not '$total'" >&2
	exit 2
	;;
esac
case $load in
*[!0-9]*)
	echo "boots: LOAD takes a number of processes, not '$load'" >&2
	exit 2
	;;
esac

# The first two CPUs that this shell may use, as taskset wants them: 0,1
two_cpus() {
	awk '/^Cpus_allowed_list:/ {
		n = split($2, part, ",")
		for (i = 1; i <= n; i++) {
			split(part[i], range, "-")
			last = range[2] == "" ? range[1] : range[2]
			for (c = range[1] + 0; c <= last + 0 && have < 2; c++)
				list = list (have++ ? "," : "") c
		}
		print list
	}' /proc/self/status
}
# It spins as long as this script lives, should that be killed without a chance to clean up.
spin() {
	while kill -0 $$ 2>/dev/null; do
		i=0
		while [ $i -lt 100000 ]; do i=$((i + 1)); done
	done
}
spinners='' boot='' out=$(mktemp) || exit 3
clean_up() {
	# shellcheck disable=SC2086 # lists of process ids, perhaps empty
	[ -z "$spinners$boot" ] || kill $spinners $boot 2>/dev/null
	wait
	rm -f "$out"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
if [ "$load" -gt 0 ]; then
	taskset -cp "$(two_cpus)" $$ >/dev/null || exit 3
	for i in $(seq "$load"); do
		spin &
		spinners="$spinners $!"
	done
fi

once() {
	if [ $# -gt 0 ]; then
		exec "${BUILD:-build}/keelson" test "$@" --name boots --qemu "${QEMU:-qemu-system-x86_64}" \
			${SMP:+--smp "$SMP"} ${RUNFLAGS-}
	else
		exec "${BUILD:-build}/keelson" run linux --name boots --smp "${SMP:-2}" \
			--qemu "${QEMU:-qemu-system-x86_64}" \
			${KERNEL:+--kernel "$KERNEL" --initrd "$INITRAMFS"} ${RUNFLAGS-}
	fi
}
for i in $(seq "$total"); do
	once "$@" >"$out" 2>&1 & # a trap waits for what runs in the foreground
	boot=$!
	wait "$boot"
	rc=$?
	boot=''
	codes="$codes $rc"
	done=$i
	if [ $rc -eq 0 ]; then
		good=$((good + 1))
	else
		printf 'boot %d: exit %d\n%s\n' "$i" $rc "$(cat "$out")"
		cp -rL "${BUILD:-build}/runs/latest" "${BUILD:-build}/runs/boots-failed-$i" 2>/dev/null
	fi
	printf '\r%d of %d good' "$good" "$i"
	[ $rc -lt 128 ] && [ $rc -ne 2 ] || break # somebody wants an end; no other boot would start either
done
by_code=$(for c in $codes; do echo "$c"; done | sort -n | uniq -c |
	awk '{ printf "%sexit %d: %d", sep, $2, $1; sep = ", " }')
printf '\n%d passed, %d failed, %d not run; %s\n' "$good" $((done - good)) $((total - done)) "${by_code:-no boot}"
[ "$good" -eq "$total" ]
