# SPDX-License-Identifier: MIT
# Bare guests: small C programs without an OS, for protocol and machine tests.

BARE_OUT := $(BUILD)/guests/bare
BARE_IMAGES := $(BARE_OUT)/core.bin $(BARE_OUT)/crowd.bin $(BARE_OUT)/panic.bin $(BARE_OUT)/hang.bin \
	$(BARE_OUT)/breach.bin $(BARE_OUT)/vtpm.bin $(BARE_OUT)/vtpmfuzz.bin $(BARE_OUT)/firmware.bin \
	$(BARE_OUT)/machine.elf $(BARE_OUT)/deny.elf \
	$(BARE_OUT)/noinvlpgb.elf $(BARE_OUT)/fastioio.elf $(BARE_OUT)/convert.elf $(BARE_OUT)/dma.elf $(BARE_OUT)/foreign.elf

# FAULT_CATCH is a setjmp whose blocks compute nothing that is used after a fault (lib/trap.h).
BARE_CFLAGS := $(filter-out -mcmodel=%,$(FW_CFLAGS)) -mcmodel=small $(call gcc_only,$(CC),-Wno-clobbered) -Iguests
BARE_LIB := $(sort $(filter-out %/vmpl0.c %/vmpl2.c,$(wildcard guests/bare/lib/*.c))) \
	guests/bare/lib/entry.S svsm/lib/control_frame.c svsm/lib/vmsa.c $(FW_LIB)
BARE_VMPL2 := guests/bare/lib/start_bare.S guests/bare/lib/vmpl2.c $(BARE_LIB)
BARE_VMPL0 := guests/bare/lib/start_payload.S guests/bare/lib/vmpl0.c $(BARE_LIB)

BARE_STUB := $(wildcard guests/bare/machine/vmplstub*) guests/bare/machine/region.c
BARE_STUB := $(filter %.c %.S,$(BARE_STUB))

bare_suite = $(sort $(wildcard guests/bare/$(1)/*.c guests/bare/$(1)/*.S))
bare_objects = $(call objects,bare,$(1))

$(eval $(call compile,bare,$$(CC),$$(BARE_CFLAGS)))
BARE_BASE := 0x0a000000# BUILD_BARE_BASE of harness/igvm/build.h
FLAGS_bare += $(FW_LDFLAGS) $(BARE_BASE)

# $(call bare_link,SUITE,RUNTIME,BASE): the ELF file of one image
define bare_link
$(BUILD)/obj/bare/$(1).elf: $(call bare_objects,$(2) $(call bare_suite,$(1))) guests/bare/bare.lds
	$$(call say,LD,$$@)
	$$(Q)$$(LD) $$(FW_LDFLAGS) -T guests/bare/bare.lds --defsym=BASE=$(3) \
		$(call bare_objects,$(2) $(call bare_suite,$(1))) -o $$@
endef
$(eval $(call bare_link,core,$(BARE_VMPL2),$(BARE_BASE)))
$(eval $(call bare_link,crowd,$(BARE_VMPL2),$(BARE_BASE)))
$(eval $(call bare_link,panic,$(BARE_VMPL2),$(BARE_BASE)))
$(eval $(call bare_link,hang,$(BARE_VMPL2),$(BARE_BASE)))
$(eval $(call bare_link,breach,$(BARE_VMPL2),$(BARE_BASE)))
$(eval $(call bare_link,vtpm,$(BARE_VMPL2) guests/bare/core/calls.c,$(BARE_BASE)))
$(eval $(call bare_link,vtpmfuzz,$(BARE_VMPL2) guests/bare/core/calls.c,$(BARE_BASE)))
$(eval $(call bare_link,firmware,$(BARE_VMPL2),$(BARE_BASE)))
$(eval $(call bare_link,machine,$(BARE_VMPL0),0x02000000))
$(eval $(call bare_link,noinvlpgb,$(BARE_VMPL0),0x02000000))
$(eval $(call bare_link,fastioio,$(BARE_VMPL0),0x02000000))
$(eval $(call bare_link,convert,$(BARE_VMPL0) guests/bare/machine/region.c,0x02000000))
$(eval $(call bare_link,dma,$(BARE_VMPL0) guests/bare/machine/region.c,0x02000000))

$(eval $(call bare_link,foreign,$(BARE_VMPL0) guests/bare/machine/region.c,0x02000000))
$(eval $(call bare_link,deny,$(BARE_VMPL0) $(BARE_STUB),0x02000000))

$(BARE_OUT)/%.bin: $(BUILD)/obj/bare/%.elf
	@mkdir -p $(@D)
	$(Q)$(OBJCOPY) -O binary $< $@

$(BARE_OUT)/%.elf: $(BUILD)/obj/bare/%.elf
	@mkdir -p $(@D)
	$(Q)cp $< $@

# The fuzzer's seeds are the host fuzzer's (tests/fuzz/build.mk).
$(BUILD)/obj/bare/guests/bare/vtpmfuzz/fuzz.o: $(BUILD)/fuzz/seeds.h
$(BUILD)/obj/bare/guests/bare/vtpmfuzz/fuzz.o: BARE_CFLAGS += -I$(BUILD)/fuzz
