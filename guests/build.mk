# SPDX-License-Identifier: MIT
# Guests: the distribution kernel (fetched, never installed), the initramfs, the agent, the module.

GUESTS := $(BUILD)/guests
KERNEL_DIR := $(GUESTS)/kernel

# KERNEL=path/to/vmlinuz boots another kernel: its modules are taken from path/to/modules where that
# folder is there (a /lib/modules/VERSION); our module has no headers for it and is left out.
KERNEL ?=
VMLINUZ := $(if $(KERNEL),$(KERNEL),$(KERNEL_DIR)/vmlinuz)
INITRAMFS := $(GUESTS)/initramfs$(if $(KERNEL),-other).cpio
TOOLS := $(GUESTS)/tools$(if $(KERNEL),-other).cpio
MODULE := $(if $(KERNEL),,$(GUESTS)/module/keelson.ko)

# KERNEL_SOURCE=1 builds a kernel of our own choice of options, once; where it is, it goes on being used.
KERNEL_SOURCE ?=
SOURCE_DIR := $(GUESTS)/kernel-source
SOURCE_INITRAMFS := $(GUESTS)/initramfs-source.cpio
SOURCE_TOOLS := $(GUESTS)/tools-source.cpio
SOURCE_GUEST := $(if $(KERNEL_SOURCE)$(wildcard $(SOURCE_DIR)/vmlinuz),$(SOURCE_INITRAMFS) $(SOURCE_TOOLS))

.PHONY: guests
guests: $(VMLINUZ) $(INITRAMFS) $(TOOLS) $(SOURCE_GUEST) ## fetch the guest kernel and tools, build the initramfs images (KERNEL_SOURCE=1: and a kernel with TCG_SVSM)

$(KERNEL_DIR)/vmlinuz: guests/kernels/fetch.sh
	$(call say,FETCH,'Debian kernel')
	$(Q)guests/kernels/fetch.sh $(KERNEL_DIR)

AGENT_SRC := $(sort $(wildcard guests/agent/*.c)) svsm/lib/control_frame.c svsm/lib/crc32.c svsm/lib/base64.c
AGENT_OBJ := $(call objects,agent,$(AGENT_SRC))
$(eval $(call compile,agent,$$(HOSTCC),$$(HOST_CFLAGS) -Iguests -D_GNU_SOURCE))

$(GUESTS)/agent: $(AGENT_OBJ)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -static -s $^ -o $@

MODULE_SRC := $(sort $(wildcard guests/module/*.c guests/module/*.h guests/module/Kbuild))
$(GUESTS)/module/keelson.ko: $(MODULE_SRC) $(KERNEL_DIR)/vmlinuz guests/module/build.sh
	$(call say,KBUILD,$@)
	$(Q)guests/module/build.sh $(KERNEL_DIR) $(@D)

$(INITRAMFS): $(GUESTS)/agent $(VMLINUZ) $(MODULE) guests/initramfs/build.sh
	$(call say,CPIO,$@)
	$(Q)guests/initramfs/build.sh $@ $(GUESTS)/agent $(dir $(VMLINUZ)) '$(MODULE)'

ifneq ($(KERNEL_SOURCE),)
$(SOURCE_DIR)/vmlinuz: FORCE # it looks for itself whether anything is to do
	$(Q)guests/kernels/source.sh $(SOURCE_DIR)
endif

$(SOURCE_DIR)/module/keelson.ko: $(MODULE_SRC) $(SOURCE_DIR)/vmlinuz guests/module/build.sh
	$(call say,KBUILD,$@)
	$(Q)guests/module/build.sh $(SOURCE_DIR) $(@D)

$(SOURCE_INITRAMFS): $(GUESTS)/agent $(SOURCE_DIR)/module/keelson.ko guests/initramfs/build.sh
	$(call say,CPIO,$@)
	$(Q)guests/initramfs/build.sh $@ $(GUESTS)/agent $(SOURCE_DIR) $(SOURCE_DIR)/module/keelson.ko

include guests/tools/build.mk
include guests/bench/build.mk
