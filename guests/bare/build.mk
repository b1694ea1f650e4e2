# SPDX-License-Identifier: MIT
# Bare guests: small C programs without an OS, for protocol and machine tests.

BARE_OUT := $(BUILD)/guests/bare
BARE_IMAGES := $(BARE_OUT)/core.bin $(BARE_OUT)/crowd.bin $(BARE_OUT)/panic.bin $(BARE_OUT)/hang.bin \
	$(BARE_OUT)/breach.bin $(BARE_OUT)/timer.bin $(BARE_OUT)/vtpm.bin $(BARE_OUT)/vtpmfuzz.bin $(BARE_OUT)/firmware.bin $(BARE_OUT)/alone.bin $(BARE_OUT)/apic.bin $(BARE_OUT)/attest.bin \
	$(BARE_OUT)/machine.elf $(BARE_OUT)/deny.elf \
	$(BARE_OUT)/noinvlpgb.elf $(BARE_OUT)/fastioio.elf $(BARE_OUT)/fastmmio.elf $(BARE_OUT)/convert.elf $(BARE_OUT)/dma.elf $(BARE_OUT)/foreign.elf \
	$(BARE_OUT)/shim.elf $(BARE_OUT)/payload.elf

# FAULT_CATCH is a setjmp whose blocks compute nothing that is used after a fault (lib/trap.h).
BARE_CFLAGS := $(filter-out -mcmodel=%,$(FW_CFLAGS)) -mcmodel=small $(call gcc_only,$(CC),-Wno-clobbered) -Iguests
# What differs between the images of guests/bare/lib: one of each is linked.
BARE_ONE_OF := $(addprefix guests/bare/lib/,vmpl0.c vmpl2.c vmpl2_loader.c mem_vmpl2.c scope_all.c vtpm_power.c)
BARE_LIB := $(sort $(filter-out $(BARE_ONE_OF),$(wildcard guests/bare/lib/*.c))) \
	guests/bare/lib/entry.S $(addprefix svsm/lib/,control_frame.c script/script.c tsc.c vmsa.c) $(FW_LIB)
BARE_VMPL2 := $(addprefix guests/bare/lib/,start_bare.S vmpl2.c vmpl2_loader.c mem_vmpl2.c scope_all.c vtpm_power.c) $(BARE_LIB)
BARE_VMPL0 := $(addprefix guests/bare/lib/,start_payload.S vmpl0.c scope_all.c vtpm_power.c) $(BARE_LIB)

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
$(eval $(call bare_link,timer,$(BARE_VMPL2),$(BARE_BASE)))
$(eval $(call bare_link,vtpm,$(BARE_VMPL2) guests/bare/core/calls.c,$(BARE_BASE)))
$(eval $(call bare_link,apic,$(BARE_VMPL2) guests/bare/core/calls.c,$(BARE_BASE)))
$(eval $(call bare_link,attest,$(BARE_VMPL2) guests/bare/core/calls.c,$(BARE_BASE)))
$(eval $(call bare_link,vtpmfuzz,$(BARE_VMPL2) guests/bare/core/calls.c,$(BARE_BASE)))
$(eval $(call bare_link,firmware,$(BARE_VMPL2),$(BARE_BASE)))
$(eval $(call bare_link,alone,$(BARE_VMPL2) guests/bare/core/calls.c guests/bare/vtpm/common.c,$(BARE_BASE)))
$(eval $(call bare_link,machine,$(BARE_VMPL0),0x02000000))
$(eval $(call bare_link,noinvlpgb,$(BARE_VMPL0),0x02000000))
$(eval $(call bare_link,fastioio,$(BARE_VMPL0),0x02000000))
$(eval $(call bare_link,fastmmio,$(BARE_VMPL0),0x02000000))
$(eval $(call bare_link,convert,$(BARE_VMPL0) guests/bare/machine/region.c,0x02000000))
$(eval $(call bare_link,dma,$(BARE_VMPL0) guests/bare/machine/region.c,0x02000000))

$(eval $(call bare_link,foreign,$(BARE_VMPL0) guests/bare/machine/region.c,0x02000000))
# A multiboot image of our own, for tests of the shim.
$(eval $(call bare_link,payload,,0x00400000))
# PAYLOAD_SHIM_BASE of abi/payload.h
$(eval $(call bare_link,shim,$(BARE_VMPL0),0x38000000))
$(eval $(call bare_link,deny,$(BARE_VMPL0) $(BARE_STUB),0x02000000))

$(BARE_OUT)/%.bin: $(BUILD)/obj/bare/%.elf
	@mkdir -p $(@D)
	$(Q)$(OBJCOPY) -O binary $< $@

$(BARE_OUT)/%.elf: $(BUILD)/obj/bare/%.elf
	@mkdir -p $(@D)
	$(Q)cp $< $@

# Conformance images: a suite's tests as firmware (docs/conformance.md). The test image is a flat one, linked where
# the stub of fd.S puts it (guests/bare/conform/layout.h); with the stub it becomes a file in OVMF's format.
CONFORM_NAMES := core vtpm apic attest
CONFORM_BASE := 0x810000
CONFORM_LIB := guests/bare/lib/start_bare.S guests/bare/lib/vmpl2.c guests/bare/lib/mem_vmpl2.c \
	guests/bare/core/calls.c $(sort $(wildcard guests/bare/conform/*.c)) $(BARE_LIB)
CONFORMANCE := $(foreach n,$(CONFORM_NAMES),$(GUESTS)/conformance-$(n).fd)

# $(call conform_link,NAME): the tests of guests/bare/NAME under the runtime of guests/bare/conform
conform_tests = $(filter-out %/main.c,$(call bare_suite,$(1))) $(sort $(wildcard guests/bare/conform/$(1)/*.c))
define conform_link
$(BUILD)/obj/bare/conformance-$(1).elf: $(call bare_objects,$(sort $(CONFORM_LIB) $(call conform_tests,$(1)))) guests/bare/bare.lds
	$$(call say,LD,$$@)
	$$(Q)$$(LD) $$(FW_LDFLAGS) -T guests/bare/bare.lds --defsym=BASE=$(CONFORM_BASE) \
		$(call bare_objects,$(sort $(CONFORM_LIB) $(call conform_tests,$(1)))) -o $$@
$(BUILD)/obj/bare/conformance-$(1).fd.o: guests/bare/conform/fd/fd.S guests/bare/conform/layout.h $(BARE_OUT)/conformance-$(1).bin
	$$(call say,AS,$$@)
	$$(Q)$$(CC) -c -Iguests -DIMAGE='"$(BARE_OUT)/conformance-$(1).bin"' $$< -o $$@
$(GUESTS)/conformance-$(1).fd: $(BUILD)/obj/bare/conformance-$(1).fd.o guests/bare/conform/fd/fd.lds
	$$(call say,FD,$$@)
	$$(Q)size=$$$$((($$$$(stat -c %s $(BARE_OUT)/conformance-$(1).bin) + 0x2000 + 0xffff) & ~0xffff)); \
	$$(LD) $$(FW_LDFLAGS) -T guests/bare/conform/fd/fd.lds --defsym=FD_SIZE=$$$$size $$< -o $$(<:.o=.elf) && \
	$$(OBJCOPY) -O binary --gap-fill 0xff $$(<:.o=.elf) $$@
endef
$(foreach n,$(CONFORM_NAMES),$(eval $(call conform_link,$(n))))

# The fuzzer's seeds are the host fuzzer's (tests/fuzz/build.mk).
$(BUILD)/obj/bare/guests/bare/vtpmfuzz/fuzz.o: $(BUILD)/fuzz/seeds.h
$(BUILD)/obj/bare/guests/bare/vtpmfuzz/fuzz.o: BARE_CFLAGS += -I$(BUILD)/fuzz
