/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The attestation protocol (58019, 7; protocols/attest/attest.h) from the guest's operation to the
 * security processor and back: calls go in through VMSA and calling area (fake.h), the services'
 * programs are played here with the attestation service's own seal, and behind a host that does
 * what a test says stands the harness's security processor.
 *
 * sources: tests/native/no_apic.c
 * sources: tests/native/fake.c tests/native/fake_attest.c
 * sources: svsm/mm/pagestate.c svsm/mm/memmap.c svsm/task/vmsa_registry.c
 * sources: svsm/platform/snp/vcpu_state.c svsm/task/vmsa_flush.c
 * sources: svsm/mm/guestpage.c svsm/protocols/dispatch.c svsm/protocols/buffer.c
 * sources: svsm/protocols/core.c svsm/protocols/mem_available.c svsm/protocols/core_memory.c
 * sources: svsm/protocols/core_vcpu.c
 * sources: svsm/protocols/attest/attest.c svsm/protocols/attest/attest_channel.c
 * sources: svsm/protocols/attest/attest_operation.c svsm/protocols/attest/attest_manifest.c
 * sources: svsm/protocols/attest/attest_early.c svsm/protocols/attest/attest_ahead.c
 * sources: svsm/protocols/attest/attest_certificates.c svsm/services/attest/seal.c
 * sources: harness/psp/message.c harness/psp/gcm.c harness/psp/attestation.c
 * sources: harness/psp/cpuid_message.c harness/psp/tsc_info.c harness/psp/sealed.c
 * sources: harness/psp/derived_key.c harness/core/psp_config.c launch/profiles/words.c
 * libs: -l:libcrypto.a
 */
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake_attest.h"
#include "protocols/attest/attest.h"

/* ---- what is answered ---- */

TEST(protocol_1_is_there)
{
	setup();
	CHECK_EQ(fake_call(0, SVSM_CORE_QUERY_PROTOCOL, 1ull << 32 | 1, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(regs(0)->rcx, 1ull << 32 | 1);
	operation(0);
	CHECK_EQ(call_at(0, 2, OP), SVSM_ERR_UNSUPPORTED_CALL);
	CHECK_EQ(call_at(0, ~0u, OP), SVSM_ERR_UNSUPPORTED_CALL);
}

TEST(the_vtpm_version_0)
{
	uint8_t key[64];
	uint32_t n;

	setup();
	operation(1);
	CHECK_EQ(single(), SVSM_SUCCESS);
	n = key_public(VTPM_EK_RSA2048, key);
	check_report(n - 2); /* a TPMT_PUBLIC has no size in front */
	CHECK_MEM(fake_mem(MANIFEST), key + 2, n - 2);
	CHECK_EQ(regs(0)->rdx, 0);
	CHECK(!host.certificates);
	CHECK_EQ(host.asked, 1);
}

TEST(the_vtpm_version_1)
{
	const uint8_t *m = fake_mem(MANIFEST);
	uint8_t key[64];
	uint32_t at = 8, n;

	setup();
	operation(1)->version = 1;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_MEM(m, "\0\0\0\1\0\0\0\6", 8);
	for (uint32_t i = 0; i < 6; i++, at += n) {
		n = key_public(i, key);
		CHECK_MEM(m + at, key, n);
	}
	check_report(at);
}

TEST(the_services)
{
	static const uint8_t guid[2][16] = {ATTEST_GUID_SERVICES, ATTEST_GUID_VTPM};
	const uint8_t *m = fake_mem(MANIFEST);
	const uint32_t *words = (const uint32_t *)m;
	uint8_t key[64];
	uint32_t n;

	setup();
	operation(1);
	CHECK_EQ(call(SVSM_ATTEST_SERVICES), SVSM_SUCCESS);
	n = key_public(VTPM_EK_RSA2048, key) - 2;
	CHECK_MEM(m, guid[0], 16);
	CHECK_EQ(words[4], 48 + n);
	CHECK_EQ(words[5], 1);
	CHECK_MEM(m + 24, guid[1], 16);
	CHECK_EQ(words[10], 48);
	CHECK_EQ(words[11], n);
	CHECK_MEM(m + 48, key + 2, n);
	check_report(48 + n);
}

TEST(linux_has_it_in_its_calling_area)
{
	struct attest_single s;

	setup();
	s = *operation(1);
	memcpy(fake_mem(CAA(0) + 8), &s, sizeof(s));
	CHECK_EQ(call_at(0, SVSM_ATTEST_SINGLE_SERVICE, CAA(0) + 8), SVSM_SUCCESS);
	check_report(18);
}

TEST(a_key_is_asked_for_each_time)
{
	setup();
	operation(1);
	CHECK_EQ(single(), SVSM_SUCCESS);
	ring3.seed = 0x90; /* as by TPM2_ChangeEPS */
	operation(2);
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(*(uint8_t *)fake_mem(MANIFEST), 0x90);
	check_report(18);
	ring3.no_keys = true;
	operation(3);
	CHECK_EQ(single(), NO_REPORT);
	ring3.no_keys = false;
	CHECK_EQ(single(), SVSM_SUCCESS);
}

static void put_certificates(uint32_t offset, uint32_t size)
{
	struct certificate_entry *e = (void *)host.table;

	memset(host.table, 0x77, sizeof(host.table));
	memset(e, 0, 2 * sizeof(*e));
	e[0] = (struct certificate_entry){.guid = {1}, .offset = offset, .size = size};
}

TEST(certificates)
{
	static const struct {
		uint32_t offset, size, answer;
	} t[] = {{48, 5000, 5048},
		 {48, ROOM - 48, ROOM},
		 {48, ROOM - 47, 0},
		 {ROOM, 1, 0},
		 {~0u, 2, 0},
		 {0, 1, 48}, /* inside its own entry: the table ends behind its entries */
		 {2, ~0u, 0}};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		check_context("%u at %u", t[i].size, t[i].offset);
		setup();
		put_certificates(t[i].offset, t[i].size);
		operation(1)->op.certificates = (struct attest_buffer){CERTS, ROOM, 0};
		CHECK_EQ(single(), SVSM_SUCCESS);
		CHECK(host.certificates);
		CHECK_EQ(regs(0)->rdx, t[i].answer);
		CHECK_MEM(fake_mem(CERTS), host.table, t[i].answer);
	}
	setup(); /* a host without any */
	operation(1)->op.certificates = (struct attest_buffer){CERTS, 4 * PAGE_SIZE, 0};
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(regs(0)->rdx, 0);
}

TEST(buffers_too_small_get_the_lengths)
{
	struct attest_single *s;

	setup();
	put_certificates(48, 5000);
	s = operation(1);
	s->op.report.size = 0x49f;
	CHECK_EQ(single(), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(regs(0)->rcx, 18);
	CHECK_EQ(regs(0)->rdx, 0);
	CHECK_EQ(regs(0)->r8, 0x4a0);
	s->op.report.size = 0x4a0;
	s->op.manifest.size = 17;
	s->op.certificates = (struct attest_buffer){CERTS, 5047, 0};
	CHECK_EQ(single(), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(regs(0)->rcx, 18);
	CHECK_EQ(regs(0)->rdx, ~0ull); /* nobody has asked the host */
	CHECK_EQ(host.asked, 0);
	s->op.manifest.size = 18;
	CHECK_EQ(single(), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(regs(0)->rcx, 18);
	CHECK_EQ(regs(0)->rdx, 5048);
	CHECK_EQ(regs(0)->r8, 0x4a0);
	CHECK_EQ(*(uint8_t *)fake_mem(REPORT), 0xee);
	s->op.certificates.size = 5048;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(host.asked, 1); /* the same report */
	check_report(18);
}

/* ---- what is refused ---- */

static void refused(const char *what, uint64_t rax)
{
	check_context("%s", what);
	CHECK_EQ(call_at(0, SVSM_ATTEST_SINGLE_SERVICE, OP), rax);
	CHECK_EQ(regs(0)->rcx, OP);
	CHECK_EQ(regs(0)->rdx, ~0ull);
	CHECK_EQ(regs(0)->r8, ~0ull);
	CHECK_EQ(ring3.keys + host.asked, 0);
	operation(1);
}

TEST(bad_operations_change_nothing)
{
	struct attest_single *s;

	setup();
	s = operation(1);
#define PARAMETER(field, value)                                                                    \
	s->field = value;                                                                          \
	refused(#field, SVSM_ERR_INVALID_PARAMETER)
	PARAMETER(op.report.mbz, 1);
	PARAMETER(op.report.mbz, 0x80000000);
	PARAMETER(op.nonce.mbz[0], 1);
	PARAMETER(op.nonce.mbz[5], 0x80);
	PARAMETER(op.manifest.mbz, 1);
	PARAMETER(op.certificates.mbz, 1);
	PARAMETER(mbz, 1);
	PARAMETER(version, 2);
	PARAMETER(version, ~0u);
	PARAMETER(service[0], 0);
	PARAMETER(service[15], 0);
	PARAMETER(op.nonce.size, 0);
	PARAMETER(op.nonce.size, 32);
	PARAMETER(op.nonce.size, 63);
	PARAMETER(op.nonce.size, 65);
	PARAMETER(op.nonce.size, 166);
	PARAMETER(op.nonce.size, PAGE_SIZE);
	PARAMETER(op.nonce.gpa, NONCE + PAGE_SIZE - 63);
	PARAMETER(op.report.gpa, REPORT + 1);
	PARAMETER(op.manifest.gpa, MANIFEST + 0x800);
	PARAMETER(op.certificates, ((struct attest_buffer){CERTS + 8, 5048, 0})); /* wanted */
#undef PARAMETER
}

TEST(bad_addresses_change_nothing)
{
	const uint64_t bad[] = {
		BASE,       BASE + SIZE_2M - PAGE_SIZE, VMSA(0), VMSA(1), AT(600), 0,
		~PAGE_MASK, BASE + PAGES * PAGE_SIZE,   CAA(0),  CAA(1)};
	struct attest_single *s;

	setup();
	s = operation(1);
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		s->op.report.gpa = bad[i];
		refused("report", SVSM_ERR_INVALID_ADDRESS);
		s->op.manifest.gpa = bad[i];
		refused("manifest", SVSM_ERR_INVALID_ADDRESS);
		s->op.certificates = (struct attest_buffer){bad[i], 1, 0};
		refused("certificates", SVSM_ERR_INVALID_ADDRESS);
		if (bad[i] == CAA(0) || bad[i] == CAA(1))
			continue;
		s->op.nonce.gpa = bad[i];
		refused("nonce", SVSM_ERR_INVALID_ADDRESS);
		CHECK_EQ(call_at(0, SVSM_ATTEST_SERVICES, bad[i]), SVSM_ERR_INVALID_ADDRESS);
	}
	/* the second page of a buffer, and one that no answer reaches */
	s->op.certificates = (struct attest_buffer){VMSA(0) - PAGE_SIZE, PAGE_SIZE + 1, 0};
	refused("into a VMSA", SVSM_ERR_INVALID_ADDRESS);
	s->op.report = (struct attest_buffer){REPORT, ~0u, 0};
	refused("4 GiB", SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(call_at(0, SVSM_ATTEST_SERVICES, OP + PAGE_SIZE - 0x3f),
		 SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(call_at(0, SVSM_ATTEST_SINGLE_SERVICE, OP + PAGE_SIZE - 0x57),
		 SVSM_ERR_INVALID_PARAMETER);
}

/* ---- the host ---- */

TEST(a_busy_host_gets_the_same_bytes_again)
{
	setup();
	operation(1);
	host.status = VMM_ERROR_BUSY;
	host.times = 50;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(host.asked, 51);
	CHECK(!host.differs);
	CHECK_EQ(ring3.seals, 1);
	check_report(18);
}

TEST(a_host_that_is_always_busy_ends_the_call)
{
	uint64_t before;

	setup();
	operation(1);
	host.status = VMM_ERROR_BUSY;
	host.times = ~0u;
	before = now;
	CHECK_EQ(single(), NO_REPORT);
	CHECK(now - before >= ATTEST_LIMIT_MS * MS && now - before < 2 * ATTEST_LIMIT_MS * MS);
	CHECK(host.asked < 1000);
	/* What was sealed first is carried to its end, and dropped. */
	host.times = 3;
	operation(2);
	now += 2000 * MS;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK(!host.differs);
	CHECK_EQ(ring3.seals, 2);
	check_report(18);
	/* or served, if its client is back in time */
	host.times = ~0u;
	operation(3);
	CHECK_EQ(single(), NO_REPORT);
	host.times = 0;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(ring3.seals, 3);
	CHECK(!host.differs);
	check_report(18);
}

/* 58019, 7: a buffer that is too small gets the length. The host has been asked once with all the
 * room that the SVSM has. */
TEST(certificates_that_do_not_fit_get_their_length)
{
	struct attest_single *s;

	setup();
	put_certificates(48, 5 * PAGE_SIZE);
	s = operation(1);
	s->op.certificates = (struct attest_buffer){CERTS, 4 * PAGE_SIZE, 0};
	CHECK_EQ(single(), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(regs(0)->rdx, 48 + 5 * PAGE_SIZE);
	s->op.certificates.size = 6 * PAGE_SIZE;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(regs(0)->rdx, 48 + 5 * PAGE_SIZE);
	CHECK_MEM(fake_mem(CERTS), host.table, 48 + 5 * PAGE_SIZE);
	CHECK_EQ(host.asked, 1);
	check_report(18);
}

TEST(certificates_that_the_svsm_has_no_room_for_get_their_length_too)
{
	struct attest_single *s;

	setup();
	s = operation(1);
	s->op.certificates = (struct attest_buffer){CERTS, 4 * PAGE_SIZE, 0};
	host.status = VMM_ERROR_INVALID_LEN;
	host.pages = PLATFORM_CERTIFICATE_PAGES + 1;
	host.times = 1;
	CHECK_EQ(single(), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(regs(0)->rcx, 18);
	CHECK_EQ(regs(0)->rdx, ROOM + PAGE_SIZE);
	CHECK_EQ(regs(0)->r8, 0x4a0);
	CHECK_EQ(host.asked, 2);
	CHECK(!host.differs && !host.certificates);
	s->op.certificates.size = ROOM + PAGE_SIZE; /* then it has the report alone */
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(regs(0)->rdx, 0);
	CHECK_EQ(host.asked, 2);
	check_report(18);
	operation(2); /* and so has who wants none */
	CHECK_EQ(single(), SVSM_SUCCESS);
	check_report(18);
}

/* What a host says that refuses although there is room, or more than any buffer takes. */
TEST(lengths_that_the_host_invents)
{
	static const uint64_t pages[][2] = {{0, 0},
					    {2, 0},
					    {4, 0},
					    {5, 5 * PAGE_SIZE},
					    {1ull << 32, 0xfffff000},
					    {~0ull, 0xfffff000}};

	for (unsigned i = 0; i < ARRAY_LEN(pages); i++) {
		check_context("%lu pages", pages[i][0]);
		setup();
		operation(1)->op.certificates = (struct attest_buffer){CERTS, 4 * PAGE_SIZE, 0};
		host.status = VMM_ERROR_INVALID_LEN;
		host.pages = pages[i][0];
		host.times = 1;
		CHECK_EQ(single(), pages[i][1] ? SVSM_ERR_INVALID_PARAMETER : SVSM_SUCCESS);
		CHECK_EQ(regs(0)->rdx, pages[i][1]);
		CHECK_EQ(host.asked, 2);
		CHECK(!host.differs);
	}
}

static void check_lost(const char *what)
{
	static const uint8_t zero[32];
	unsigned asked;

	check_context("%s", what);
	operation(1)->op.certificates = (struct attest_buffer){CERTS, 4 * PAGE_SIZE, 0};
	CHECK_EQ(single(), NO_REPORT);
	CHECK_MEM(secrets.vmpck[0], zero, 32);
	CHECK(memcmp(secrets.vmpck[1], zero, 32));
	asked = host.asked;
	host.times = 0;
	host.refuses = host.spoils = false;
	operation(2);
	CHECK_EQ(single(), NO_REPORT);
	CHECK_EQ(host.asked, asked);
	operation(1)->op.report.mbz = 1;
	CHECK_EQ(single(), SVSM_ERR_INVALID_PARAMETER);
}

TEST(a_host_that_fails_costs_the_key)
{
	static const uint64_t bad[] = {VMM_ERROR_GENERIC,
				       SNP_STATUS_INVALID_PARAM,
				       SNP_STATUS_AEAD_OFLOW,
				       SNP_STATUS_BAD_MEASUREMENT,
				       ~0ull,
				       3ull << 32};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		setup();
		host.status = bad[i];
		host.times = 1;
		check_lost("status");
	}
	setup();
	host.refuses = true;
	check_lost("the hypervisor refuses");
	setup();
	host.spoils = true;
	check_lost("an answer's payload");
	setup();
	host.status = VMM_ERROR_INVALID_LEN; /* also without certificates */
	host.times = 2;
	check_lost("INVALID_LEN twice");
}

/* The next request has the next number, and gets its report. */
TEST(an_answer_without_a_report_costs_nothing)
{
	static const uint32_t status[] = {SNP_STATUS_INVALID_PARAM, 0x27, ~0u};

	for (unsigned i = 0; i < ARRAY_LEN(status); i++) {
		check_context("%x", status[i]);
		setup();
		operation(1);
		host.no_report = status[i];
		CHECK_EQ(single(), NO_REPORT);
		host.no_report = 0;
		CHECK_EQ(single(), SVSM_SUCCESS);
		CHECK_EQ(host.asked, 2);
		check_report(18);
	}
}

TEST(a_chip_whose_key_is_masked_signs_nothing)
{
	setup();
	operation(1);
	config.mask_chip_key = true;
	CHECK_EQ(single(), SVSM_SUCCESS); /* the verifier refuses it */
}

/* ---- the service ---- */

TEST(a_service_that_dies_gets_the_same_again)
{
	setup();
	operation(1);
	ring3.deaths = 3;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(ring3.seals, 4);
	CHECK_EQ(ring3.opens, 1);
	CHECK(!host.differs);
	check_report(18);
}

TEST(a_service_that_stays_dead_costs_the_key)
{
	setup();
	ring3.deaths = 100;
	check_lost("dead");
}

/* ---- time, and other vCPUs ---- */

TEST(no_call_keeps_its_vcpu_for_long)
{
	uint64_t before, longest = 0, rax;
	unsigned calls = 0;

	setup();
	operation(1);
	ring3.key_ns = 20000 * MS; /* longer than the processor may be busy */
	do {
		before = now;
		rax = call_at(0, SVSM_ATTEST_SINGLE_SERVICE, OP);
		longest = MAX(longest, now - before);
	} while (rax == SVSM_ERR_INCOMPLETE && ++calls < 10000);
	CHECK_EQ(rax, SVSM_SUCCESS);
	CHECK(calls > 1000);
	CHECK(longest <= 20 * MS);
	check_report(18);
}

static uint64_t other_rax;

static void other_calls(void)
{
	other_rax = call_at(1, SVSM_ATTEST_SINGLE_SERVICE, AT(20));
}

static void other_operation(uint8_t n)
{
	struct attest_single *s = fake_mem(AT(20));

	*s = *(struct attest_single *)fake_mem(OP);
	memset(fake_mem(AT(21)), 0x11, 64);
	*(uint8_t *)fake_mem(AT(21)) = n;
	s->op.nonce.gpa = AT(21);
	s->op.report.gpa = AT(22);
	s->op.manifest.gpa = AT(23);
}

TEST(two_vcpus_have_a_report_each)
{
	setup();
	operation(1);
	other_operation(2);
	meanwhile = other_calls;
	CHECK_EQ(single(), SVSM_SUCCESS);
	check_report(18);
	while (other_rax == SVSM_ERR_INCOMPLETE)
		other_calls();
	CHECK_EQ(other_rax, SVSM_SUCCESS);
	CHECK(memcmp(fake_mem(AT(22) + 0x50), report()->report_data, 64));
	CHECK(!host.differs);
}

TEST(a_client_that_does_not_come_back_is_in_nobodys_way)
{
	setup();
	operation(1);
	ring3.key_ns = 100 * MS;
	CHECK_EQ(call_at(0, SVSM_ATTEST_SINGLE_SERVICE, OP), SVSM_ERR_INCOMPLETE);
	now += 2000 * MS;
	operation(2)->version = 1;
	CHECK_EQ(single(), SVSM_SUCCESS);
	CHECK_EQ(regs(0)->rcx, 8 + 20 + 21 + 22 + 23 + 24 + 25);
}

TEST(a_tpm_at_work_is_waited_for)
{
	setup();
	operation(1);
	ring3.tpm_busy = true;
	CHECK_EQ(call_at(0, SVSM_ATTEST_SINGLE_SERVICE, OP), SVSM_ERR_INCOMPLETE);
	ring3.tpm_busy = false;
	CHECK_EQ(single(), SVSM_SUCCESS);
}

TEST(without_a_processor_there_are_no_reports)
{
	struct platform_ops without;
	const struct platform_ops *before;

	setup();
	before = platform;
	without = *platform;
	without.message = NULL;
	platform = &without;
	operation(1);
	CHECK_EQ(single(), NO_REPORT);
	platform = before;
}
