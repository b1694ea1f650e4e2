# SPDX-License-Identifier: MIT
# Guests: the distribution kernel (fetched, never installed), the initramfs, the agent, the module.

GUESTS := $(BUILD)/guests

# Which kernel is fetched: KERNEL_SUITE=trixie-backports, KERNEL_SERIES=7.2. Each keeps its folder, so that going
# back to one fetches nothing; guests/kernel leads to the one that was asked for last.
KERNEL_DEFAULT := $(shell guests/kernels/default.sh $(KERNEL_SUITE))
override KERNEL_SUITE := $(word 1,$(KERNEL_DEFAULT))
override KERNEL_SERIES := $(or $(KERNEL_SERIES),$(word 2,$(KERNEL_DEFAULT)))
KERNEL_NAME := $(KERNEL_SUITE)$(addprefix -,$(KERNEL_SERIES))
KERNEL_DIR := $(GUESTS)/kernels/$(KERNEL_NAME)
export KERNEL_SUITE KERNEL_SERIES

# KERNEL=path/to/vmlinuz boots another kernel: its modules are taken from path/to/modules where that
# folder is there (a /lib/modules/VERSION); our module has no headers for it and is left out.
# INITRD=path boots that instead of ours: nothing is made or fetched for it, and no agent is expected in it.
KERNEL ?=
INITRD ?=
OTHER := $(if $(KERNEL),-other)
VMLINUZ := $(or $(KERNEL),$(KERNEL_DIR)/vmlinuz)
INITRAMFS := $(GUESTS)/initramfs$(OTHER).cpio
MODULE := $(if $(KERNEL),,$(KERNEL_DIR)/module/built)

# $(call apt,COMMAND): what guests/apt.sh's functions say. $(shell) does not see variables of make's command line.
DEBIAN_MIRROR ?=
DEBIAN_KEYRING ?=
apt = $(shell DEBIAN_MIRROR='$(DEBIAN_MIRROR)'; DEBIAN_KEYRING='$(DEBIAN_KEYRING)'; . guests/apt.sh && $(1))

# No image with tools where Debian's packages cannot be had: with a kernel of the user's, it goes without.
TOOLS := $(if $(KERNEL),$(or $(wildcard $(GUESTS)/packages/packages),$(call apt,apt_can && echo yes)),yes)
TOOLS := $(if $(TOOLS),$(GUESTS)/tools$(OTHER).cpio)

# $(call asked,FILE,TEXT,COMMAND): what was asked for when others were made; the file counts as old when its text
# differs. Times alone do not tell: what is asked for next may be older than what was made of the last.
define asked
$(if $(call differ,$(strip $(file <$(1))),$(strip $(2))),.PHONY: $(1))
$(1):
	@mkdir -p $$(@D)
	$(3)
	@printf '%s\n' '$(subst ','\'',$(strip $(2)))' >$$@
endef

# The kernel that images were made for; one of the user's is known by path, size and time.
ASKED := $(GUESTS)/asked$(OTHER)
KERNEL_TEXT := $(shell [ -z '$(KERNEL)' ] || stat -L -c '%n %s %Y' '$(KERNEL)' '$(dir $(KERNEL))modules' 2>/dev/null)
$(eval $(call asked,$(GUESTS)/asked,$(KERNEL_NAME),@rm -rf $(GUESTS)/kernel && ln -s kernels/$(KERNEL_NAME) $(GUESTS)/kernel))
$(eval $(call asked,$(GUESTS)/asked-other,$(KERNEL_TEXT)))

# KERNEL_SOURCE=1 builds a kernel of our own choice of options, once; where it is, it goes on being used.
KERNEL_SOURCE ?=
SOURCE_DIR := $(GUESTS)/kernel-source
SOURCE_INITRAMFS := $(GUESTS)/initramfs-source.cpio
SOURCE_TOOLS := $(GUESTS)/tools-source.cpio
SOURCE_GUEST := $(if $(KERNEL_SOURCE)$(wildcard $(SOURCE_DIR)/vmlinuz),$(SOURCE_INITRAMFS) $(SOURCE_TOOLS))

include guests/firmware/build.mk

.PHONY: guests
guests: $(VMLINUZ) $(if $(INITRD),,$(INITRAMFS) $(TOOLS) $(SOURCE_GUEST) $(FIRMWARES)) ## fetch the guest kernel, firmware and tools, build the initramfs images (KERNEL_SOURCE=1: and a kernel with TCG_SVSM)

$(KERNEL_DIR)/vmlinuz: guests/kernels/fetch.sh guests/kernels/images.sh
	$(call say,FETCH,'Debian kernel ($(KERNEL_NAME))')
	$(Q)guests/kernels/fetch.sh $(KERNEL_DIR) $(KERNEL_SUITE) $(KERNEL_SERIES)

AGENT_SRC := $(sort $(wildcard guests/agent/*.c)) svsm/lib/control_frame.c svsm/lib/script/script.c svsm/lib/crc32.c svsm/lib/base64.c
AGENT_OBJ := $(call objects,agent,$(AGENT_SRC))
$(eval $(call compile,agent,$$(HOSTCC),$$(HOST_CFLAGS) -Iguests -D_GNU_SOURCE))

$(GUESTS)/agent: $(AGENT_OBJ)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -static -s $^ -o $@

MODULE_SRC := $(sort $(wildcard guests/module/*.c guests/module/*.h guests/module/Kbuild))
# The module is there, or has been left out and said why.
$(GUESTS)/%/module/built: $(MODULE_SRC) $(GUESTS)/%/vmlinuz guests/module/build.sh
	$(call say,KBUILD,$(@D)/keelson.ko)
	$(Q)guests/module/build.sh $(GUESTS)/$* $(@D)
	@touch $@

# $(call pack,IMAGE,KERNEL_DIR,TREE,LIMITS): an initramfs with the kernel's modules, ours among them
pack = guests/initramfs/build.sh $(1) $(GUESTS)/agent $(2) '$(if $(KERNEL),,$(2)/module/keelson.ko)' $(3) $(4)

$(INITRAMFS): $(GUESTS)/agent $(VMLINUZ) $(MODULE) $(ASKED) guests/initramfs/build.sh
	$(call say,CPIO,$@)
	$(Q)$(call pack,$@,$(patsubst %/,%,$(dir $(VMLINUZ))))

ifneq ($(KERNEL_SOURCE),)
$(SOURCE_DIR)/vmlinuz: FORCE # it looks for itself whether anything is to do
	$(Q)guests/kernels/source.sh $(SOURCE_DIR)
endif

$(SOURCE_INITRAMFS): $(GUESTS)/agent $(SOURCE_DIR)/module/built guests/initramfs/build.sh
	$(call say,CPIO,$@)
	$(Q)guests/initramfs/build.sh $@ $(GUESTS)/agent $(SOURCE_DIR) $(SOURCE_DIR)/module/keelson.ko

include guests/tools/build.mk
include guests/bench/build.mk
include guests/distro/build.mk
