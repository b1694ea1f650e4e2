# SPDX-License-Identifier: MIT
# make referee: independent judges of the vTPM and of time (docs/referee.md). Nothing of it is part of `make check`.

REFEREE_DIR := $(GUESTS)/referee
REFEREE ?=
REFEREE_INITRAMFS := $(REFEREE_DIR)/initramfs$(OTHER).cpio
REFEREE_OTHER := $(if $(KERNEL),$(addprefix --keelson=,--kernel $(KERNEL) --initrd $(REFEREE_INITRAMFS)))

.PHONY: referee referee-reports
referee: ## other projects' tests of TPM and timers under the SVSM and on plain QEMU (REFEREE=pattern for some)
	$(Q)$(MAKE) --no-print-directory deps && ci/deps.sh swtpm e2fsprogs
	$(Q)$(MAKE) --no-print-directory all guests $(REFEREE_INITRAMFS)
	$(if $(REFEREE),,$(Q)$(MAKE) --no-print-directory referee-reports)
	$(Q)set -f; $(PYTHON) tests/referee/run.py --qemu $(QEMU) $(REFEREE_OTHER) $(REFEREE)

# Judges of attestation reports: docs/referee.md, "Judges of reports". The run that they judge needs the guest's tools.
referee-reports: ## other projects' verifiers of attestation reports, and keelson verify, about one run's report and what was made of it
	$(Q)$(MAKE) --no-print-directory deps
	$(Q)$(MAKE) --no-print-directory all guests
	$(Q)tests/referee/reports/fetch.sh $(REFEREE_DIR)/reports
	$(Q)$(PYTHON) tests/referee/reports/run.py --keelson $(BUILD)/keelson --fetched $(REFEREE_DIR)/reports -- --qemu $(QEMU) --kernel $(VMLINUZ) --initrd $(TOOLS)

$(REFEREE_DIR)/image.ext2: tests/referee/image.sh tests/referee/time.sh tests/referee/judge.sh guests/apt.sh $(GUESTS)/tools/nocurl.so \
		$(GUESTS)/asked $(GUESTS)/asked-packages
	$(call say,FETCH,'judges of TPM and time')
	$(Q)tests/referee/image.sh $(REFEREE_DIR) $(GUESTS)/tools/nocurl.so

$(REFEREE_DIR)/guest: tests/referee/guest.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -D_GNU_SOURCE -static -s $< -o $@

$(REFEREE_INITRAMFS): $(REFEREE_DIR)/image.ext2 $(REFEREE_DIR)/guest $(INITRAMFS) tests/referee/overlay.sh
	$(call say,CPIO,$@)
	$(Q)tests/referee/overlay.sh $@ $(INITRAMFS) $(REFEREE_DIR)/guest $(REFEREE_DIR)/judges
