/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Keys that a service CPU makes before anybody wants a manifest (protocols/attest/attest_ahead.h),
 * and what becomes of them in manifests.
 *
 * sources: tests/native/no_apic.c
 * sources: tests/native/fake.c tests/native/fake_attest.c
 * sources: svsm/mm/pagestate.c svsm/mm/memmap.c svsm/task/vmsa_registry.c
 * sources: svsm/platform/snp/vcpu_state.c svsm/task/vmsa_flush.c
 * sources: svsm/mm/guestpage.c svsm/protocols/dispatch.c svsm/protocols/buffer.c
 * sources: svsm/protocols/core.c svsm/protocols/mem_available.c svsm/protocols/core_memory.c
 * sources: svsm/protocols/core_vcpu.c
 * sources: svsm/protocols/attest/attest_early.c
 * sources: svsm/protocols/attest/attest.c svsm/protocols/attest/attest_channel.c
 * sources: svsm/protocols/attest/attest_operation.c svsm/protocols/attest/attest_manifest.c
 * sources: svsm/protocols/attest/attest_certificates.c svsm/protocols/attest/attest_ahead.c
 * sources: svsm/services/attest/seal.c
 * sources: harness/psp/message.c harness/psp/gcm.c harness/psp/attestation.c
 * sources: harness/psp/cpuid_message.c harness/psp/tsc_info.c harness/psp/sealed.c
 * sources: harness/psp/derived_key.c harness/core/psp_config.c launch/profiles/words.c
 * libs: -l:libcrypto.a
 */
#include <string.h>
#include "tests/native/check.h"
#include "protocols/attest/attest.h"
#include "tests/native/fake_attest.h"
#include "cpu/trap/hv.h"

static void rounds(unsigned n)
{
	while (n--)
		service_cpu();
}

static void make_all(void)
{
	ahead.left = 0;
	rounds(20);
}

static void check_manifest(void)
{
	uint8_t key[64];
	uint32_t at = 8, n;

	for (uint32_t i = 0; i < VTPM_KEYS; i++, at += n) {
		n = key_public(i, key);
		CHECK_MEM((const uint8_t *)fake_mem(MANIFEST) + at, key, n);
	}
	check_report(at);
}

TEST(a_tpm_that_the_guest_uses_has_the_cpu_for_itself)
{
	setup();
	rounds(3); /* the guest boots: the end of that wakes this CPU */
	CHECK_EQ(ahead.armed, 0);
	ahead.left = 700 * MS;
	rounds(3);
	CHECK_EQ(ahead.armed, 700 * MS); /* it sleeps until then */
	ahead.left = 1;
	rounds(1);
	CHECK_EQ(ahead.armed, 100 * MS);
	CHECK_EQ(ahead.copies + ahead.keys, 0);
	ahead.left = 0;
	rounds(1);
	CHECK_EQ(ahead.keys, 1);
	ahead.left = 1500 * MS; /* a command: no other key is begun */
	rounds(10);
	CHECK_EQ(ahead.keys, 1);
	make_all();
	CHECK_EQ(ahead.keys, VTPM_KEYS);
	CHECK_EQ(ahead.copies, 1);
	CHECK_EQ(ahead.retired, 1); /* and its memory is free again */
}

TEST(where_no_timer_ends_a_sleep_it_begins_with_the_end_of_the_boot)
{
	setup();
	hv_used = 0;
	rounds(2);
	CHECK_EQ(ahead.keys, 0);
	ahead.left = 1500 * MS;
	rounds(20);
	hv_used = 1;
	CHECK_EQ(ahead.keys, VTPM_KEYS);
	CHECK_EQ(ahead.armed, 0);
}

TEST(a_first_request_finds_its_keys)
{
	uint64_t before;

	setup();
	make_all();
	operation(1)->version = 1;
	ring3.key_ns = 50 * MS;
	before = now;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK(now - before < 100 * MS);
	CHECK_EQ(ring3.keys, 1); /* which tells the seed */
	check_manifest();
	operation(2);
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(ring3.keys, 2);
	check_report(18);
}

TEST(some_are_there_and_the_tpm_makes_the_others)
{
	setup();
	ahead.left = 0;
	rounds(3);
	CHECK_EQ(ahead.keys, 3); /* P-256, RSA, P-384 */
	ahead.left = 1500 * MS;
	rounds(1); /* the third is seen, and no fourth begun */
	operation(1)->version = 1;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(ring3.keys, 1 + 3);
	check_manifest();
}

/* TPM2_ChangeEPS: not one key of the old seed is told. */
TEST(keys_of_another_seed_count_nothing)
{
	setup();
	make_all();
	ring3.seed = 0x90;
	operation(1)->version = 1;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(ring3.keys, 1 + VTPM_KEYS);
	check_manifest();
	ring3.seed = 0x40; /* the test protocol has put the old state back */
	operation(2)->version = 1;
	CHECK_EQ(single(), SVSM_SUCCESS);
	check_manifest();
}

/* A manifest is dropped while the TPM makes a key for it; the next one must not take that for its
 * own. */
TEST(a_key_of_a_manifest_that_was_dropped_is_not_taken)
{
	setup();
	make_all();
	operation(1)->version = 1;
	ring3.key_ns = 100 * MS;
	CHECK_EQ(call_at(0, SVSM_ATTEST_SINGLE_SERVICE, OP), SVSM_ERR_INCOMPLETE);
	now += 2000 * MS;
	ring3.seed = 0x90;
	operation(2)->version = 1;
	CHECK_EQ(single(), SVSM_SUCCESS);
	check_manifest();
}

TEST(whatever_fails_the_tpm_makes_them)
{
	for (unsigned i = 0; i < 3; i++) {
		check_context("case %u", i);
		setup();
		ahead.dies = i == 0;
		ahead.no_state = i == 1;
		ahead.pages = i == 2 ? 1024 + 255 : 2000;
		make_all();
		CHECK_EQ(ahead.keys, i == 0);
		CHECK_EQ(ahead.copies, i != 2);
		CHECK_EQ(ahead.retired, i == 0);
		operation(1)->version = 1;
		CHECK_EQ(single(), SVSM_SUCCESS);
		CHECK_EQ(ring3.keys, VTPM_KEYS);
		check_manifest();
	}
	setup();
	make_all();
	ring3.no_keys = true; /* a TPM that serves nobody */
	operation(1)->version = 1;
	CHECK_EQ(single(), NO_REPORT);
}

/* ---- what else a manifest waits for, and has in it ---- */

/* A command that libtpms does not come back from, or a host that does not take the state. */
TEST(a_tpm_that_is_at_work_for_ever_ends_the_call)
{
	uint64_t before;

	setup();
	operation(1);
	before = now;
	ring3.tpm_busy = true;
	CHECK_EQ(single(), NO_REPORT);
	CHECK(now - before >= ATTEST_ALL_MS * MS && now - before < 2 * ATTEST_ALL_MS * MS);
	ring3.tpm_busy = false;
	CHECK_EQ(single(), SVSM_SUCCESS);
	check_report(18);
}

/* An entry and 24 bytes of our own, before the vTPM's manifest. */
TEST(the_services_with_a_state_that_is_kept)
{
	static const uint8_t guid[16] = ATTEST_GUID_KEPT;
	const uint8_t *m = fake_mem(MANIFEST);
	const uint32_t *words = (const uint32_t *)m;
	uint8_t key[64];
	uint32_t n;

	setup();
	ring3.kept = (struct attest_kept){.epoch = 7, .counter = 9, .keys = ATTEST_KEPT_SIGNED};
	operation(1);
	CHECK_EQ(call(SVSM_ATTEST_SERVICES), SVSM_SUCCESS);
	n = key_public(VTPM_EK_RSA2048, key) - 2;
	CHECK_EQ(words[4], 96 + n);
	CHECK_EQ(words[5], 2);
	CHECK_EQ(words[10], 96);
	CHECK_EQ(words[11], n);
	CHECK_MEM(m + 48, guid, 16);
	CHECK_EQ(words[16], 72);
	CHECK_EQ(words[17], 24);
	CHECK_MEM(m + 72, &ring3.kept, 24);
	CHECK_MEM(m + 96, key + 2, n);
	check_report(96 + n);
	ring3.kept.counter = 0;
}
