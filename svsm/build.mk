# SPDX-License-Identifier: MIT
# The SVSM: one image for every platform, with the programs of ring 3 inside.

SVSM_SRC := $(sort $(wildcard $(foreach d,log mm cpu cpu/trap task apic user user/service protocols protocols/* selftest boot boot/* platform platform/* platform/snp/psp,svsm/$(d)/*.c svsm/$(d)/*.S))) \
	$(FW_LIB) $(filter-out %/move.c,$(INSN_LIB)) $(ACPI_LIB) $(addprefix svsm/lib/,symtab.c madt.c tsc.c vmsa.c launch_sections.c vapic/apic_state.c)
SVSM_SRC := $(filter-out svsm/user/embed.S,$(SVSM_SRC))

# Services: svsm/services/NAME/*.c becomes one static program, which lies in the image's .rodata between
# service_NAME_start and service_NAME_end. A folder may have a build.mk that sets what its program needs:
# SERVICE_CFLAGS_NAME, SERVICE_LDFLAGS_NAME, SERVICE_LIBS_NAME, SERVICE_SRC_NAME (more sources, of services/lib),
# SERVICE_LDS_NAME (a linker script that the linker's own takes in).
SERVICES := $(filter-out lib,$(notdir $(patsubst %/,%,$(sort $(dir $(wildcard svsm/services/*/*.c))))))
SERVICE_CFLAGS := -std=gnu11 -O2 -g $(WARN) $(REPRO) -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -fno-pie \
	-fstack-protector-strong -Isvsm/include -Isvsm
SERVICE_LDFLAGS := -static -Wl,--build-id=none,-z,noexecstack,-z,separate-code,-z,max-page-size=4096,--gc-sections
include $(wildcard svsm/services/*/build.mk)

service_name = $(word 3,$(subst /, ,$(1)))
$(eval $(call compile,service,$$(HOSTCC),$$(SERVICE_CFLAGS) $$(SERVICE_CFLAGS_$$(call service_name,$$<))))
FLAGS_service += $(foreach v,$(sort $(filter SERVICE_%,$(.VARIABLES))),$(v)=$($(v)))

# NAME.debug keeps the symbols: addresses in a fault's report are those of this file.
define service_program
$(BUILD)/services/$(1).debug: $(call objects,service,$(sort $(wildcard svsm/services/$(1)/*.c svsm/services/$(1)/*.S)) $(SERVICE_SRC_$(1))) $(SERVICE_LDS_$(1))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(HOSTCC) $$(SERVICE_LDFLAGS) $$(SERVICE_LDFLAGS_$(1)) $(addprefix -T,$(SERVICE_LDS_$(1))) \
		-Wl,-Map,$(BUILD)/services/$(1).map $$(filter %.o,$$^) $$(SERVICE_LIBS_$(1)) -o $$@
endef
$(foreach s,$(SERVICES),$(eval $(call service_program,$(s))))

.SECONDARY: $(foreach s,$(SERVICES),$(BUILD)/services/$(s) $(BUILD)/services/$(s).debug)
$(BUILD)/services/%: $(BUILD)/services/%.debug
	$(Q)$(OBJCOPY) --strip-all $< $@

$(BUILD)/obj/svsm/service_%.o: svsm/user/embed.S $(BUILD)/services/%
	@mkdir -p $(@D)
	$(Q)$(CC) -c -DSERVICE=service_$* -DFILE='"$(BUILD)/services/$*"' $< -o $@

SVSM_OBJ := $(call objects,svsm,$(SVSM_SRC)) $(BUILD)/obj/svsm/dsdt.o \
	$(foreach s,$(SERVICES),$(BUILD)/obj/svsm/service_$(s).o)

# No indirect branch of VMPL0 is predicted by what others have trained: each is a retpoline (base/speculation.h).
RETPOLINE := $(or $(call gcc_only,$(CC),-mindirect-branch=thunk -mindirect-branch-register),-mretpoline) -fno-jump-tables
$(eval $(call compile,svsm,$$(CC),$$(FW_CFLAGS) $$(RETPOLINE) -I$(BUILD)/gen))
FLAGS_svsm += $(FW_LDFLAGS)

$(BUILD)/gen/dsdt.aml: svsm/boot/linux/dsdt.asl $(wildcard svsm/include/abi/q35_*.asl)
	$(call say,IASL,$<)
	@mkdir -p $(@D)
	$(Q)$(IASL) -Isvsm/include/abi -p $(basename $@) $< >$(@D)/iasl.log 2>&1 || { cat $(@D)/iasl.log; exit 1; }

$(BUILD)/obj/svsm/dsdt.o: $(BUILD)/gen/dsdt.aml
	@mkdir -p $(@D)
	$(Q)cd $(BUILD)/gen && $(OBJCOPY) -I binary -O elf64-x86-64 -B i386:x86-64 \
		--rename-section .data=.rodata.dsdt,alloc,load,readonly,data,contents dsdt.aml $(call quoted,$(abspath $@))

# Linked twice: the panic's symbol table comes from the first link.
$(BUILD)/svsm.elf: $(SVSM_OBJ) svsm/svsm.lds ci/symtab.sh
	$(call say,LD,$@)
	$(Q)ci/symtab.sh $(BUILD)/obj/svsm/symtab svsm/svsm.lds $@ $(FW_LDFLAGS) -Map=$(BUILD)/svsm.map -- $(SVSM_OBJ)
