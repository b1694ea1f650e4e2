# SPDX-License-Identifier: MIT
# make image: a disk image of Debian that OVMF boots (docs/distro.md). IMAGE_SUITE=bookworm or trixie; the default is the
# system's own release, where that is one of them.

IMAGE_SUITE ?=
override IMAGE_SUITE := $(or $(IMAGE_SUITE),$(filter bookworm trixie,$(call apt,apt_release)),trixie)
IMAGE := $(GUESTS)/distro/$(IMAGE_SUITE).img
IMAGE_FILES := $(shell find guests/distro guests/module -type f)

CARRY_SRC := guests/distro/carry.c guests/bench/svsmtest.c svsm/lib/crc32.c
$(GUESTS)/distro/carry: $(call objects,test-program,$(CARRY_SRC))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -static -s -Wl,--build-id=none $^ -lcrypto -o $@

.PHONY: image
image: ## a Debian disk image (IMAGE_SUITE=bookworm or trixie) whose root opens by the vTPM (docs/distro.md)
	$(Q)ci/deps.sh mmdebstrap mtools
	$(Q)$(MAKE) --no-print-directory $(IMAGE)

$(GUESTS)/distro/%.img: $(GUESTS)/distro/carry $(IMAGE_FILES) guests/apt.sh
	$(call say,IMAGE,'$@ (Debian $*)')
	$(Q)guests/distro/build.sh $* $@ $(GUESTS)/distro/carry
