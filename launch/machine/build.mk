# SPDX-License-Identifier: MIT
# The monitor: the native platform's own image, loaded by QEMU's -kernel.

MONITOR_DIRS := host/mem host cpu cpu/event cpu/exec iommu snp snp/rmp dev dev/acpi dev/clock dev/disk dev/fwcfg dev/pci hv hv/psp hv/state hv/regs hv/ghcb hostile hostile/deeds load start
MONITOR_SRC := $(sort $(wildcard $(foreach d,$(MONITOR_DIRS),launch/machine/$(d)/*.c launch/machine/$(d)/*.S))) \
	$(FW_LIB) $(IGVM_LIB) $(VAPIC_LIB) $(INSN_LIB) $(ACPI_LIB) $(addprefix svsm/lib/,symtab.c tsc.c)
MONITOR_OBJ := $(call objects,monitor,$(MONITOR_SRC)) $(BUILD)/obj/monitor/machine_dsdt.o

$(eval $(call compile,monitor,$$(CC),$$(FW_CFLAGS) -Ilaunch))
FLAGS_monitor += $(FW_LDFLAGS)

# The DSDT of guests with firmware of their own.
$(BUILD)/gen/machine_dsdt.aml: launch/machine/dev/acpi/dsdt.asl $(wildcard svsm/include/abi/q35_*.asl)
	$(call say,IASL,$<)
	@mkdir -p $(@D)
	$(Q)$(IASL) -Isvsm/include/abi -p $(basename $@) $< >$(basename $@).log 2>&1 || { cat $(basename $@).log; exit 1; }

$(BUILD)/obj/monitor/machine_dsdt.o: $(BUILD)/gen/machine_dsdt.aml
	@mkdir -p $(@D)
	$(Q)cd $(BUILD)/gen && $(OBJCOPY) -I binary -O elf64-x86-64 -B i386:x86-64 \
		--rename-section .data=.rodata.dsdt,alloc,load,readonly,data,contents machine_dsdt.aml $(call quoted,$(abspath $@))

$(BUILD)/monitor.elf: $(MONITOR_OBJ) launch/machine/machine.lds ci/symtab.sh
	$(call say,LD,$@)
	$(Q)ci/symtab.sh $(BUILD)/obj/monitor/symtab launch/machine/machine.lds $@ $(FW_LDFLAGS) -- $(MONITOR_OBJ)

# QEMU's multiboot loader takes ELF32 only.
$(BUILD)/monitor.elf.mb: $(BUILD)/monitor.elf
	$(Q)$(OBJCOPY) -O elf32-i386 $< $@
