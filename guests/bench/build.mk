# SPDX-License-Identifier: MIT
# bench.cpio: the guest of `make bench`. Its program has libtpms and libcrypto inside, as the SVSM's
# service has, and is too large for the image of the suites.

BENCH_SRC := $(sort $(wildcard guests/bench/*.c)) guests/tools/external.c guests/tools/option.c \
	svsm/lib/crc32.c \
	svsm/services/vtpm/tpm.c svsm/services/vtpm/snapshot.c svsm/services/vtpm/message.c \
	svsm/services/lib/absent.c
BENCH := $(GUESTS)/bench$(OTHER).cpio
BENCH_TREE := $(GUESTS)/bench

$(BENCH_TREE)/tests/vtpm-bench: $(call objects,test-program,$(BENCH_SRC))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -static -s -Wl,--build-id=none -Wl,--no-warnings $^ -ltpms -lcrypto -o $@

$(BENCH): $(GUESTS)/agent $(VMLINUZ) $(MODULE) $(ASKED) guests/initramfs/build.sh $(BENCH_TREE)/tests/vtpm-bench
	$(call say,CPIO,$@)
	$(Q)$(call pack,$@,$(patsubst %/,%,$(dir $(VMLINUZ))),$(BENCH_TREE))
