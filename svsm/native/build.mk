# SPDX-License-Identifier: MIT
# The monitor: the native platform's own image, loaded by QEMU's -kernel.

MONITOR_SRC := $(sort $(wildcard $(foreach d,host loader machine hv,svsm/native/$(d)/*.c svsm/native/$(d)/*.S))) \
	$(FW_LIB) $(IGVM_LIB) svsm/lib/symtab.c
MONITOR_OBJ := $(call objects,monitor,$(MONITOR_SRC))

$(eval $(call compile,monitor,$$(CC),$$(FW_CFLAGS)))

$(BUILD)/monitor.elf: $(MONITOR_OBJ) svsm/native/monitor.lds ci/symtab.sh
	$(call say,LD,$@)
	$(Q)ci/symtab.sh $(BUILD)/obj/monitor/symtab svsm/native/monitor.lds $@ $(FW_LDFLAGS) -- $(MONITOR_OBJ)

# QEMU's multiboot loader takes ELF32 only.
$(BUILD)/monitor.elf.mb: $(BUILD)/monitor.elf
	$(Q)$(OBJCOPY) -O elf32-i386 $< $@
