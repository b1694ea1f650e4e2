#!/bin/sh
# SPDX-License-Identifier: MIT
# Measured boot: what firmware that knows the SVSM's TPM has measured, and that it does so again after a reset.
. /lib/external.sh

log=/sys/kernel/security/tpm0/binary_bios_measurements

event_log() {
	[ -e "$log" ] || mount -t securityfs securityfs /sys/kernel/security
	[ ! -e "$log" ] || cat "$log" >measurements
	[ -s measurements ] || fail "the firmware has left no event log"
}

# BANK PCR VALUE, a line each, of what tpm2_eventlog and tpm2_pcrread print behind their names of banks
values() {
	tr A-F a-f | awk -F'[ :]+' '/^ *sha[0-9]+:/ {bank = $2} / 0x/ {print bank, $2, $3}'
}

replayed() {
	sed -n '/^pcrs:/,$p' | values
}

show efi-event-log "the event log, replayed by tpm2_eventlog, gives the PCRs, and nobody else has extended any"
test_efi_event_log() {
	event_log
	ok tpm2_eventlog measurements
	replayed <out >want
	ok tpm2_pcrread
	values <out | awk '$2 < 16' >have
	for pcr in 0 1 2 3 4 5 6 7 9; do
		grep -q "^sha256 $pcr 0x" want || fail "the log has nothing of PCR $pcr"
	done
	while read -r bank pcr value; do
		grep -qx "$bank $pcr $value" have || fail "PCR $pcr of $bank is not what the log says, $value"
	done <want
	grep -v ' 0x0*$' have | while read -r bank pcr value; do
		grep -q "^$bank $pcr " want || fail "PCR $pcr of $bank is $value, and the log has nothing of it"
	done || exit 1
	put measurements
}

# PCRs 1 and 5 hold what differs from boot to boot (the boot entries' and the disk's GUIDs may), so they are left out.
show efi-reset "after a reset of the machine the same boot gives the same PCRs"
test_efi_reset() {
	ok tpm2_pcrread -o pcrs sha256:0,2,3,4,6,7
	first=$(host file "get first-boot 0")
	case $first in
	"ok "*)
		equal "${first#ok }" "$(base64 pcrs | tr -d '\n')" "PCRs of the first and the second boot"
		exit 0
		;;
	esac
	cp pcrs first-boot
	put first-boot
	equal "$(host reset)" ok "the announcement of a reset"
	reboot -f
	sleep 60
	fail "the machine goes on after a reset"
}

run_tests "$@"
