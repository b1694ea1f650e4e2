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

.PHONY: guests
guests: $(VMLINUZ) $(INITRAMFS) $(TOOLS) ## fetch the guest kernel and tools, build the initramfs images

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

include guests/tools/build.mk
