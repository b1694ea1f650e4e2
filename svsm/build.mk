# SPDX-License-Identifier: MIT
# The SVSM: one image for every platform.

SVSM_SRC := $(sort $(wildcard $(foreach d,kernel cpu protocols boot platform platform/*,svsm/$(d)/*.c svsm/$(d)/*.S))) \
	$(FW_LIB)
SVSM_OBJ := $(call objects,svsm,$(SVSM_SRC)) $(BUILD)/obj/svsm/dsdt.o

$(eval $(call compile,svsm,$$(CC),$$(FW_CFLAGS) -I$(BUILD)/gen))

$(BUILD)/gen/dsdt.aml: svsm/boot/dsdt.asl
	$(call say,IASL,$<)
	@mkdir -p $(@D)
	$(Q)$(IASL) -p $(basename $@) $< >$(@D)/iasl.log 2>&1 || { cat $(@D)/iasl.log; exit 1; }

$(BUILD)/obj/svsm/dsdt.o: $(BUILD)/gen/dsdt.aml
	@mkdir -p $(@D)
	$(Q)cd $(BUILD)/gen && $(OBJCOPY) -I binary -O elf64-x86-64 -B i386:x86-64 \
		--rename-section .data=.rodata.dsdt,alloc,load,readonly,data,contents dsdt.aml $(abspath $@)

# Linked twice: the panic's symbol table comes from the first link.
$(BUILD)/svsm.elf: $(SVSM_OBJ) svsm/svsm.lds ci/symtab.sh
	$(call say,LD,$@)
	$(Q)ci/symtab.sh $(BUILD)/obj/svsm/symtab svsm/svsm.lds $@ $(FW_LDFLAGS) -- $(SVSM_OBJ)
