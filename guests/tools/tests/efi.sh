#!/bin/sh
# SPDX-License-Identifier: MIT
# A boot by firmware at VMPL2, in the kernel's own words. efi.cpus=N on the command line: how many vCPUs there are.
. /lib/external.sh

said() {
	dmesg | grep -q "$1" || fail "the kernel does not say: $1"
}

show efi-words "the kernel was booted by EFI, as an SEV-SNP guest at VMPL2"
test_efi_words() {
	said 'efi: EFI v2.*EDK II'
	said 'Memory Encryption Features active: AMD SEV SEV-ES SEV-SNP'
	said 'SEV: SNP running at VMPL2'
	[ -d /sys/firmware/efi ] || fail "no /sys/firmware/efi"
	equal "$(cat /sys/devices/system/cpu/sev/vmpl)" 2 VMPL
}

show efi-cpus "every vCPU of the guest runs, and the service CPU is visible to nobody"
test_efi_cpus() {
	wanted=$(sed -n 's/.*efi\.cpus=\([0-9]*\).*/\1/p' /proc/cmdline)
	equal "$(grep -c ^processor /proc/cpuinfo)" "$wanted" "vCPUs online"
	equal "$(cat /sys/devices/system/cpu/present)" "$(if [ "$wanted" = 1 ]; then echo 0; else echo "0-$((wanted - 1))"; fi)" "vCPUs present"
	! dmesg | grep 'do_boot_cpu failed' || fail "a CPU did not start"
}

# docs/timers.md; the tables are the machine's own here, and the SVSM's in a direct boot.
show efi-clocks "Linux finds the clocks that a direct boot finds, and calls none of them unstable"
test_efi_clocks() {
	clocks=/sys/devices/system/clocksource/clocksource0
	equal "$(cat $clocks/current_clocksource)" kvm-clock "the clock"
	equal "$(sed 's/ *$//' $clocks/available_clocksource)" "kvm-clock tsc hpet acpi_pm" "clocks"
	[ -e /dev/rtc0 ] || fail "no /dev/rtc0"
	! dmesg | grep -E 'unstable|timekeeping watchdog|TSC warp|work around a timer bug' || fail "a clock is not trusted"
}

run_tests "$@"
