# SPDX-License-Identifier: MIT
# The monitor: the native platform's own image, loaded by QEMU's -kernel.

MONITOR_DIRS := host/mem host cpu cpu/exec iommu snp dev dev/fwcfg hv hv/ghcb hostile hostile/deeds load start
MONITOR_SRC := $(sort $(wildcard $(foreach d,$(MONITOR_DIRS),launch/machine/$(d)/*.c launch/machine/$(d)/*.S))) \
	$(FW_LIB) $(IGVM_LIB) $(VAPIC_LIB) svsm/lib/symtab.c
MONITOR_OBJ := $(call objects,monitor,$(MONITOR_SRC))

$(eval $(call compile,monitor,$$(CC),$$(FW_CFLAGS) -Ilaunch))
FLAGS_monitor += $(FW_LDFLAGS)

$(BUILD)/monitor.elf: $(MONITOR_OBJ) launch/machine/machine.lds ci/symtab.sh
	$(call say,LD,$@)
	$(Q)ci/symtab.sh $(BUILD)/obj/monitor/symtab launch/machine/machine.lds $@ $(FW_LDFLAGS) -- $(MONITOR_OBJ)

# QEMU's multiboot loader takes ELF32 only.
$(BUILD)/monitor.elf.mb: $(BUILD)/monitor.elf
	$(Q)$(OBJCOPY) -O elf32-i386 $< $@
