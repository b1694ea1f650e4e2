#!/bin/bash
# SPDX-License-Identifier: MIT
# What is ours in the initrd: the driver for the vTPM, the enrolment, and what is done about a refusal.

check() {
	return 0
}

depends() {
	echo systemd
}

install() {
	local s
	inst_multiple systemd-cryptenroll systemctl journalctl mount umount cat rm cp sync sh tee mkdir modprobe sleep cryptsetup
	inst_simple /usr/lib/keelson/carry
	inst_simple "${moddir:?}/crypttab" /etc/crypttab
	inst_simple "$moddir/enrol" /usr/lib/keelson/enrol
	inst_simple "$moddir/refused" /usr/lib/keelson/refused
	inst_simple /usr/lib/systemd/system/keelson-tpm.service
	for s in keelson-enrol.service keelson-refused.service; do
		inst_simple "$moddir/$s" "/usr/lib/systemd/system/$s"
	done
	inst_simple "$moddir/refused.conf" /etc/systemd/system/systemd-cryptsetup@root.service.d/refused.conf
	for s in keelson-tpm.service keelson-enrol.service; do
		systemctl -q --root "${initdir:?}" add-wants initrd.target "$s"
	done
}

installkernel() {
	instmods keelson
}
