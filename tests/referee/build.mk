# SPDX-License-Identifier: MIT
# make referee: independent judges of the vTPM and of time (docs/referee.md). Nothing of it is part of `make check`.

REFEREE_DIR := $(GUESTS)/referee
REFEREE ?=
REFEREE_INITRAMFS := $(REFEREE_DIR)/initramfs$(OTHER).cpio
REFEREE_OTHER := $(if $(KERNEL),$(addprefix --keelson=,--kernel $(KERNEL) --initrd $(REFEREE_INITRAMFS)))

.PHONY: referee
referee: ## other projects' tests of TPM and timers under the SVSM and on plain QEMU (REFEREE=pattern for some)
	$(Q)$(MAKE) --no-print-directory deps && ci/deps.sh swtpm e2fsprogs
	$(Q)$(MAKE) --no-print-directory all guests $(REFEREE_INITRAMFS)
	$(Q)set -f; $(PYTHON) tests/referee/run.py --qemu $(QEMU) $(REFEREE_OTHER) $(REFEREE)

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
