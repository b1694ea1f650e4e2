# SPDX-License-Identifier: MIT
# OVMF, which boots a guest by EFI: a release that knows the SVSM's TPM, and one from before.

FIRMWARE := $(GUESTS)/firmware
FIRMWARE_SUITE ?= sid
FIRMWARE_OLD_SUITE ?= trixie
$(eval $(call asked,$(FIRMWARE)/asked,$(FIRMWARE_SUITE) $(FIRMWARE_OLD_SUITE)))

# Nothing where Debian's packages cannot be had: with a kernel of the user's, it goes without.
FIRMWARES := $(if $(TOOLS),$(FIRMWARE)/OVMF.fd $(FIRMWARE)/OVMF-old.fd)

$(FIRMWARE)/OVMF.fd: $(FIRMWARE)/asked guests/firmware/fetch.sh guests/apt.sh
	$(call say,FETCH,'Debian OVMF ($(FIRMWARE_SUITE))')
	$(Q)guests/firmware/fetch.sh $(FIRMWARE) $(FIRMWARE_SUITE) OVMF.fd

$(FIRMWARE)/OVMF-old.fd: $(FIRMWARE)/asked guests/firmware/fetch.sh guests/apt.sh
	$(call say,FETCH,'Debian OVMF ($(FIRMWARE_OLD_SUITE))')
	$(Q)guests/firmware/fetch.sh $(FIRMWARE) $(FIRMWARE_OLD_SUITE) OVMF-old.fd
