# SPDX-License-Identifier: MIT
# Hostile input: libFuzzer on the host, the same mutations through the real protocol in a guest.
# command: TPM commands into the vTPM's program; page: request pages into the protocol; verify: what strangers send to
# `keelson verify`; answer: a key server's answers.

FUZZ := $(BUILD)/fuzz
FUZZ_CC ?= clang
# Debian's, as the SVSM has it: ASan sees what it does to the heap. A libtpms.a of your own, built with
# the sanitizers and -fsanitize=fuzzer-no-link, shows each access and guides the mutations.
FUZZ_LIBTPMS ?= -ltpms
FUZZ_SAN := -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_CFLAGS := -std=gnu11 -Wall -Wextra -D_GNU_SOURCE -DOPENSSL_SUPPRESS_DEPRECATED $(FUZZ_SAN) -fsanitize=fuzzer-no-link \
	-Isvsm/include -Isvsm -Iguests -I. -I$(FUZZ)
# libFuzzer's mutator is the only part that the unit tests' replay does without.
FUZZ_COMMAND := $(addprefix tests/fuzz/,command.c fuzz.c history.c) svsm/services/vtpm/tpm.c \
	$(addprefix guests/bare/vtpmfuzz/,tpm_record.c)
FUZZ_PAGE := $(addprefix tests/fuzz/,page.c page_service.c fuzz.c) tests/native/fake.c tests/native/no_apic.c svsm/lib/crc32.c \
	svsm/mm/pagestate.c svsm/task/vmsa_registry.c svsm/platform/snp/vcpu_state.c svsm/task/vmsa_flush.c svsm/mm/guestpage.c \
	$(addprefix svsm/protocols/,dispatch.c buffer.c core.c core_memory.c mem_available.c core_vcpu.c vtpm.c vtpm_boot.c vtpm_pace.c vtpm_page.c vtpm_request.c)

FUZZ_ANSWER := $(addprefix tests/fuzz/,answer.c fuzz.c) $(addprefix svsm/services/lib/release/release_,words.c crypto.c) svsm/lib/base64.c

FUZZ_VERIFY := $(addprefix tests/fuzz/,verify.c fuzz.c) launch/profiles/words.c $(addprefix harness/verbs/,quote.c signature.c) \
	$(addprefix harness/verify/,verify.c verdict.c report_form.c chain_checked.c leaf_read.c leaf_fits.c policy_allowed.c tcb_wanted.c \
	fields_wanted.c kept_wanted.c manifest_checked.c manifest.c tpm_public.c certificates.c amd_root.c values.c)

$(eval $(call compile,fuzz,$$(FUZZ_CC),$$(FUZZ_CFLAGS)))

$(FUZZ)/seeds.h: tests/fuzz/seeds.py tests/fuzz/seeds.txt tests/fuzz/command.hex
	$(call say,SEEDS,$@)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tests/fuzz/seeds.py header tests/fuzz/seeds.txt tests/fuzz/command.hex >$@

FUZZ_COMMAND_OBJ := $(call objects,fuzz,$(FUZZ_COMMAND) tests/fuzz/mutator.c guests/bare/vtpmfuzz/mutate.c)
$(FUZZ_COMMAND_OBJ): | $(FUZZ)/seeds.h
$(FUZZ)/command: $(FUZZ_COMMAND_OBJ)
	$(call say,LD,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_SAN) -fsanitize=fuzzer $^ -Wl,-Bstatic $(FUZZ_LIBTPMS) -Wl,-Bdynamic -lcrypto -o $@

$(FUZZ)/page: $(call objects,fuzz,$(FUZZ_PAGE) tests/fuzz/check.c svsm/lib/spinlock.c)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_SAN) -fsanitize=fuzzer $^ -lcrypto -o $@

$(FUZZ)/verify: $(call objects,fuzz,$(FUZZ_VERIFY))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_SAN) -fsanitize=fuzzer $^ -lcrypto -ljansson -o $@

$(FUZZ)/answer: $(call objects,fuzz,$(FUZZ_ANSWER))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_SAN) -fsanitize=fuzzer $^ -lcrypto -ljansson -o $@

FUZZERS := $(addprefix $(FUZZ)/,command page verify answer)

.PHONY: fuzz fuzz-corpus
fuzz: ## hostile input: FUZZ_RUNS (1,000,000) on the host, 100,000 through the real protocol
	$(Q)$(MAKE) --no-print-directory deps && ci/deps.sh clang libclang-rt-dev libtpms-dev libssl-dev libjansson-dev
	$(Q)$(MAKE) --no-print-directory all $(FUZZERS)
	$(Q)tests/fuzz/run.sh $(FUZZ)
	$(Q)$(BUILD)/keelson test vtpm-fuzz

fuzz-corpus: $(FUZZERS) ## keep in tests/fuzz/*.hex what earlier runs found
	$(Q)tests/fuzz/run.sh corpus $(FUZZ)

# The same inputs under gcc's sanitizers, by `make unit`
FUZZ_REPLAY := $(call objects,unit,$(FUZZ_COMMAND) $(FUZZ_PAGE) tests/fuzz/replay.c tests/fuzz/test_fuzz_command.c tests/fuzz/test_fuzz_page.c)
$(FUZZ_REPLAY): | $(FUZZ)/seeds.h
FUZZ_REPLAY_CFLAGS := -I$(FUZZ) -DOPENSSL_SUPPRESS_DEPRECATED
FLAGS_unit += $(FUZZ_REPLAY_CFLAGS)
$(FUZZ_REPLAY): UNIT_CFLAGS += $(FUZZ_REPLAY_CFLAGS)
