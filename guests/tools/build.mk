# SPDX-License-Identifier: MIT
# tools.cpio: the guest image with tpm2-tools and the programs of the vtpm suites.

PACKAGES := $(GUESTS)/packages
# It is measured, loaded and unpacked at each boot: bytes of what is ours in it, and of all. Releases of Debian differ
# (12: 13.3 MB, 13: 16.2 MB); libcurl or a language's runtime, drawn in by accident, would go beyond.
TOOLS_OWN_LIMIT := 3500000
TOOLS_LIMIT := 24000000

PACKAGE_SUITE := $(or $(PACKAGE_SUITE),$(call apt,apt_package_suite))
$(eval $(call asked,$(GUESTS)/asked-packages,$(PACKAGE_SUITE)))
export PACKAGE_SUITE

$(PACKAGES)/packages: $(GUESTS)/asked-packages guests/tools/fetch.sh guests/tools/elf.sh guests/apt.sh
	$(call say,FETCH,'tpm2-tools busybox ($(PACKAGE_SUITE))')
	$(Q)guests/tools/fetch.sh $(PACKAGES)

$(GUESTS)/tools/nocurl.so: guests/tools/nocurl.c guests/tools/nocurl.map $(BUILD)/obj/test-program.flags
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O2 $(WARN) -shared -fpic -s -Wl,--build-id=none \
		-Wl,-soname,libcurl-gnutls.so.4 -Wl,--version-script=guests/tools/nocurl.map $< -o $@

# $(call test_program,NAME,SOURCES,LIBS): a C program for /tests/NAME
$(eval $(call compile,test-program,$$(HOSTCC),$$(HOST_CFLAGS) -fno-toplevel-reorder -Iguests -D_GNU_SOURCE))
define test_program
TEST_PROGRAMS += $(GUESTS)/tools/$(1)
$(GUESTS)/tools/$(1): $(call objects,test-program,$(2))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(HOSTCC) -s -Wl,--build-id=none $$^ $(3) -o $$@
endef

TSS_LIB := $(patsubst %,guests/tss/%.c,run context cleanup keys templates digest)
TEST_PROGRAMS := $(sort $(wildcard guests/tools/tests/*.sh))
$(eval $(call test_program,misbehave,guests/tools/external.c guests/tools/misbehave.c))
$(eval $(call test_program,dma,guests/tools/external.c guests/tools/dma.c))
$(eval $(call test_program,portout,guests/tools/portout.c))
$(eval $(call test_program,held,guests/tools/gaps.c guests/tools/held.c))
$(eval $(call test_program,tss,guests/tools/external.c $(sort $(wildcard guests/tss/*.c)),\
	-ltss2-esys -ltss2-mu -ltss2-tctildr -lcrypto))
$(eval $(call test_program,longcmd,guests/tools/external.c guests/tools/option.c \
	guests/bench/svsmtest.c guests/tools/gaps.c $(sort $(wildcard guests/longcmd/*.c)) \
	$(TSS_LIB),-ltss2-esys -ltss2-mu -ltss2-tctildr -lcrypto))
$(eval $(call test_program,reset,guests/tools/external.c guests/tools/hostfile.c svsm/lib/base64.c \
	guests/bench/svsmtest.c $(sort $(wildcard guests/reset/*.c)) $(TSS_LIB) guests/tss/nv.c guests/tss/pcr.c,\
	-ltss2-esys -ltss2-mu -ltss2-tctildr -lcrypto))
TIMERS_LIB := guests/tools/external.c guests/timers/clocks.c guests/timers/beat.c guests/timers/words.c
$(eval $(call test_program,ticks,$(TIMERS_LIB) guests/tools/option.c guests/timers/ticks.c))
# In this order: a CPU that was offline leaves the kernel weaker, and the last one judges what all the others did.
$(eval $(call test_program,timers,$(TIMERS_LIB) guests/tools/hostfile.c svsm/lib/base64.c $(patsubst %,guests/timers/%.c,\
	source order agree rtc between restart offline complaints)))
$(eval $(call test_program,watched,$(TIMERS_LIB) guests/timers/watched.c))

TREE := $(wildcard guests/tools/*.sh guests/tools/bin/* guests/tools/etc/*)
$(GUESTS)/tools$(OTHER).cpio: $(GUESTS)/agent $(VMLINUZ) $(MODULE) $(ASKED) guests/initramfs/build.sh $(PACKAGES)/packages \
		$(GUESTS)/tools/nocurl.so $(TREE) $(TEST_PROGRAMS)
	$(call say,CPIO,$@)
	$(Q)guests/tools/tree.sh $(GUESTS)/tools/tree $(PACKAGES)/root $(GUESTS)/tools/nocurl.so $(TEST_PROGRAMS)
	$(Q)$(call pack,$@,$(patsubst %/,%,$(dir $(VMLINUZ))),$(GUESTS)/tools/tree,$(TOOLS_LIMIT) $(TOOLS_OWN_LIMIT))

# The same for the kernel of KERNEL_SOURCE=1.
$(SOURCE_TOOLS): $(GUESTS)/tools$(OTHER).cpio $(SOURCE_DIR)/module/built
	$(call say,CPIO,$@)
	$(Q)guests/initramfs/build.sh $@ $(GUESTS)/agent $(SOURCE_DIR) $(SOURCE_DIR)/module/keelson.ko \
		$(GUESTS)/tools/tree $(TOOLS_LIMIT) $(TOOLS_OWN_LIMIT)
