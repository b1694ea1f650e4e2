#!/bin/sh
# SPDX-License-Identifier: MIT
# Four CPUs and much memory. Unaccepted memory: firmware leaves what lies above 4 GiB to the kernel, which accepts it as it is used.
. /lib/external.sh

unaccepted() {
	sed -n 's/^Unaccepted: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

# OVMF waits until each CPU that fw_cfg counts has come (edk2, PlatformInitLib, PlatformMaxCpuCountInitialization()); in
# tianocore/edk2 13164 one never came, since its SIPI was lost.
show edk2-13164-lost-sipi "OVMF has gone on with four CPUs, and so has Linux"
test_edk2_13164_lost_sipi() {
	dmesg | grep -q 'efi: EFI v2.*EDK II' || fail "no boot by OVMF"
	equal "$(grep -c ^processor /proc/cpuinfo)" 4 "vCPUs online"
}

show efi-unaccepted "memory above 4 GiB comes unaccepted, is accepted when it is used, and keeps what is written"
test_efi_unaccepted() {
	before=$(unaccepted)
	[ "${before:-0}" -gt 1048576 ] || fail "unaccepted: ${before:-no such line} kB, want more than 1 GiB"
	dd if=/dev/zero of=/tmp/much bs=1M count=256 2>/dev/null || fail "256 MiB cannot be written"
	n=0
	while [ "$(unaccepted)" -ge "$before" ] && [ $n -lt 8 ]; do
		n=$((n + 1))
		dd if=/dev/zero of=/tmp/much$n bs=1M count=128 2>/dev/null || fail "128 MiB more cannot be written"
	done
	after=$(unaccepted)
	[ "$after" -lt "$before" ] || fail "$before kB are still unaccepted after much was written"
	info unaccepted_kb "$before, then $after"
	tr -d '\0' </tmp/much | head -c 1 | cmp -s - /dev/null || fail "what was written as zeroes is not"
	rm -f /tmp/much*
}

run_tests "$@"
