/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The vTPM protocol (58019, 8; docs/vtpm.md) from the guest's page to libtpms and back: calls go in
 * through VMSA and calling area (fake.h), the service runs in a fake of ring 3 (fake_service.h).
 *
 * sources: tests/native/no_apic.c
 * sources: tests/native/fake.c tests/native/fake_service.c tests/native/tpm_client.c
 * sources: tests/native/vtpm_guest.c
 * sources: svsm/mm/pagestate.c svsm/task/vmsa_registry.c svsm/platform/snp/vcpu_state.c
 * sources: svsm/task/vmsa_flush.c
 * sources: svsm/mm/guestpage.c
 * sources: svsm/user/service/service.c svsm/user/service/service_calls.c
 * sources: svsm/user/service/service_blob.c
 * sources: svsm/user/syscall.c svsm/protocols/dispatch.c svsm/protocols/buffer.c
 * sources: svsm/protocols/core.c svsm/protocols/mem_available.c svsm/protocols/core_memory.c
 * sources: svsm/protocols/core_vcpu.c
 * sources: svsm/protocols/vtpm.c svsm/protocols/vtpm_pace.c svsm/protocols/vtpm_page.c
 * sources: svsm/protocols/vtpm_request.c svsm/protocols/vtpm_service.c
 * sources: svsm/protocols/vtpm_boot.c svsm/protocols/test_protocol.c
 * sources: svsm/services/vtpm/serve.c svsm/services/vtpm/tpm.c svsm/services/vtpm/primary.c svsm/services/vtpm/keys.c
 * sources: svsm/services/vtpm/boot.c
 * sources: svsm/services/vtpm/message.c svsm/services/vtpm/recover.c
 * sources: svsm/services/vtpm/snapshot.c svsm/lib/crc32.c svsm/services/vtpm/durable.c svsm/services/vtpm/sealing_keys.c
 * sources: tests/native/no_release.c
 * sources: svsm/services/lib/state.c svsm/services/lib/state_seal.c svsm/services/lib/channel.c
 * sources: svsm/lib/channel/channel_frame.c svsm/lib/channel/channel_tag.c
 * sources: svsm/services/lib/channel_slots.c svsm/services/lib/channel_session.c svsm/services/lib/channel_time.c
 * libs: -ltpms -lcrypto
 */
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake_service.h"
#include "mm/launch_area.h"
#include "protocols/vtpm.h"
#include "protocols/vtpm_pace.h"
#include "tests/native/vtpm_guest.h"

#define PAGE VTPM_GUEST_PAGE
#define MS   1000000ull

/* The SVSM has it read-only. */
struct launch_info launch __asm__("launch_info");

static void setup(void)
{
	fake_setup();
	vtpm_forget();
	fake_ring3_reset();
	launch.flags = LAUNCH_FLAG_TEST;
}

static uint64_t test_call(uint32_t number, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	return fake_raw_call(0, SVSM_CALL(SVSM_PROTO_TEST, number), rcx, rdx, r8);
}

static uint64_t rcx_out(unsigned cpu)
{
	return ((struct vmsa *)fake_mem(VMSA(cpu)))->rcx;
}

static uint32_t try(const char *hex)
{
	struct tpm_bytes response;

	return vtpm_guest_try(0, 0, hex, &response);
}

TEST(query)
{
	setup();
	((struct vmsa *)fake_mem(VMSA(0)))->rdx = 77;
	CHECK_EQ(vtpm_guest_call(0, SVSM_VTPM_QUERY, 99), SVSM_SUCCESS);
	CHECK_EQ(rcx_out(0), 0x100);
	CHECK_EQ(((struct vmsa *)fake_mem(VMSA(0)))->rdx, 0);
	CHECK_EQ(vtpm_guest_call(0, 2, 0), SVSM_ERR_UNSUPPORTED_CALL);
	CHECK_EQ(vtpm_guest_call(0, ~0u, 0), SVSM_ERR_UNSUPPORTED_CALL);
	CHECK_EQ(fake_call(0, SVSM_CORE_QUERY_PROTOCOL, 2ull << 32 | 1, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(rcx_out(0), 1ull << 32 | 1);
}

TEST(commands_are_answered)
{
	struct tpm_bytes r;

	setup();
	CHECK_EQ(try(TPM_GET_RANDOM_16), TPM_RC_INITIALIZE);
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), 0);
	CHECK_EQ(r.len, 28);
	CHECK_EQ(vtpm_guest_try(1, 2, TPM_PCR_RESET_20, &r), 0);
	CHECK_EQ(vtpm_guest_try(1, 1, TPM_PCR_RESET_20, &r), TPM_RC_LOCALITY);
	CHECK_EQ(fake_ring3.started, 1);
	CHECK_EQ(vtpm_stats().retries, 0);
}

/* A request of that head; what the page held stays. */
static void refused(const char *what, uint32_t command, uint8_t locality, uint32_t len)
{
	static uint8_t before[PAGE_SIZE];
	struct tpm_bytes b = tpm_bytes(TPM_GET_RANDOM_16);
	struct vtpm_request *r = fake_mem(PAGE);

	vtpm_guest_write(PAGE, locality, &b);
	r->command = command;
	r->len = len;
	memcpy(before, r, sizeof(before));
	check_context("%s", what);
	CHECK_EQ(vtpm_guest_call(0, SVSM_VTPM_COMMAND, PAGE), SVSM_ERR_INVALID_PARAMETER);
	CHECK_MEM(before, r, sizeof(before));
}

TEST(bad_requests_are_refused_and_change_nothing)
{
	setup();
	for (uint32_t command = 0; command < 64; command++) {
		if (command != VTPM_CMD_SEND_COMMAND)
			refused("platform command", command, 0, 12);
	}
	refused("platform command", 0x108, 0, 12);
	refused("platform command", ~0u, 0, 12);
	for (unsigned locality = 5; locality < 256; locality++)
		refused("locality", VTPM_CMD_SEND_COMMAND, (uint8_t)locality, 12);
	refused("length", VTPM_CMD_SEND_COMMAND, 0, VTPM_REQUEST_MAX + 1);
	refused("length", VTPM_CMD_SEND_COMMAND, 0, PAGE_SIZE);
	refused("length", VTPM_CMD_SEND_COMMAND, 0, 0x80000000);
	refused("length", VTPM_CMD_SEND_COMMAND, 0, ~0u);
	CHECK_EQ(fake_ring3.started, 0);
}

TEST(bad_pages_are_refused)
{
	const uint64_t bad[] = {
		BASE,
		BASE + SIZE_2M - 1,
		BASE + SIZE_2M - 16,
		VMSA(0),
		VMSA(1),
		VMSA(1) + 0x800,
		CAA(0),
		CAA(1) + 8,
		AT(600),
		AT(511) + PAGE_SIZE - 8,
		BASE + PAGES * PAGE_SIZE,
		BASE + PAGES * PAGE_SIZE - 5,
		~0ull,
		~0xfffull,
		~0ull - PAGE_SIZE,
		0xfee00000,
		0,
		AT(499) + PAGE_SIZE - 12 /* runs into VMSA(0) */,
	};
	struct tpm_bytes b = tpm_bytes(TPM_GET_RANDOM_16);

	setup();
	vtpm_guest_write(VMSA(0) - 12, 0, &b);
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		check_context("RCX %#lx", (unsigned long)bad[i]);
		CHECK_EQ(vtpm_guest_call(0, SVSM_VTPM_COMMAND, bad[i]), SVSM_ERR_INVALID_ADDRESS);
	}
	CHECK_EQ(fake_ring3.started, 0);
}

TEST(any_alignment_and_two_pages)
{
	struct tpm_bytes b = tpm_bytes(TPM_GET_RANDOM_16), r;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	for (unsigned offset = 0; offset < PAGE_SIZE; offset += offset < PAGE_SIZE - 64 ? 61 : 1) {
		uint64_t at = PAGE + offset;

		check_context("offset %#x", offset);
		memset(fake_mem(PAGE), 0xee, 2 * PAGE_SIZE);
		vtpm_guest_write(at, 0, &b);
		CHECK_EQ(vtpm_guest_call(0, SVSM_VTPM_COMMAND, at), SVSM_SUCCESS);
		r = vtpm_guest_read(at);
		CHECK_EQ(tpm_code(&r), 0);
		CHECK_EQ(r.len, 28);
		CHECK_EQ(((uint8_t *)fake_mem(at))[4 + 28], 0xee);
	}
}

TEST(lengths_are_for_the_tpm_to_judge)
{
	struct tpm_bytes b = tpm_bytes(TPM_GET_RANDOM_16), r;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	for (uint32_t len = 0; len <= VTPM_REQUEST_MAX; len += len < 16 ? 1 : 97) {
		check_context("%u bytes of 12", len);
		memset(fake_mem(PAGE), 0, PAGE_SIZE);
		vtpm_guest_write(PAGE, 0, &b);
		((struct vtpm_request *)fake_mem(PAGE))->len = len;
		CHECK_EQ(vtpm_guest_call(0, SVSM_VTPM_COMMAND, PAGE), SVSM_SUCCESS);
		r = vtpm_guest_read(PAGE);
		CHECK(tpm_well_formed(&r));
		CHECK_EQ(tpm_code(&r), len == 12  ? 0
				       : len >= 6 ? TPM_RC_COMMAND_SIZE
						  : TPM_RC_INSUFFICIENT);
	}
}

TEST(a_long_command_is_collected_by_sending_it_again)
{
	struct tpm_bytes r;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	for (unsigned helper = 0; helper < 2; helper++) {
		uint64_t longest = 0, before;
		unsigned attempts = 0;
		uint32_t code;

		check_context("helper %u", helper);
		fake_ring3.helper = helper;
		fake_ring3.work = 300 * MS;
		do {
			before = fake_ring3.lent;
			code = vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r);
			longest = MAX(longest, fake_ring3.lent - before);
			fake_ring3_pass(20 * MS);
		} while (code == TPM_RC_RETRY && ++attempts < 100);
		CHECK_EQ(code, 0);
		CHECK_EQ(r.len, 28);
		CHECK_EQ(longest, helper ? 10 * MS : 20 * MS);
		CHECK(attempts > 10 && attempts < 20);
	}
	CHECK_EQ(fake_ring3.started, 1);
}

TEST(another_command_is_turned_away_until_the_first_is_done)
{
	struct tpm_bytes r;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = 25 * MS;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY);
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_GET_RANDOM_8, &r), TPM_RC_RETRY);
	CHECK_EQ(vtpm_guest_try(1, 1, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY); /* locality differs */
	/* 30 ms were lent: done. It is kept for its client, */
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_GET_RANDOM_8, &r), TPM_RC_RETRY);
	fake_ring3_pass(PACE_KEEP - 50 * MS);
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_GET_RANDOM_8, &r), TPM_RC_RETRY);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), 0);
	CHECK_EQ(r.len, 28);
	/* but not for ever */
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY);
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_GET_RANDOM_8, &r), TPM_RC_RETRY);
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_GET_RANDOM_8, &r), TPM_RC_RETRY);
	fake_ring3_pass(PACE_KEEP);
	fake_ring3.work = 0;
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_GET_RANDOM_8, &r), 0);
	CHECK_EQ(r.len, 20);
}

static struct tpm_bytes stolen;
static void steal(void)
{
	fake_ring3.meanwhile = NULL;
	fake_ring3_pass(5 * MS);
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_GET_RANDOM_16, &stolen), 0);
}

TEST(the_same_bytes_of_two_vcpus_are_two_commands)
{
	struct tpm_bytes r;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = MS;
	fake_ring3.meanwhile = steal;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY);
	CHECK_EQ(stolen.len, 28);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), 0);
	CHECK(memcmp(r.data, stolen.data, 28));
}

/* Collects the answer that the other vCPU waits for, and begins a long command. */
static void steal_and_go_on(void)
{
	fake_ring3.meanwhile = NULL;
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_GET_RANDOM_16, &stolen), 0);
	fake_ring3.work = 1000 * MS;
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_PCR_EXTEND_10, &stolen), TPM_RC_RETRY);
}

TEST(nobody_waits_for_the_command_of_another_vcpu)
{
	struct tpm_bytes r;
	uint64_t before;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = 15 * MS;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY);
	fake_ring3_pass(500 * MS); /* the pause of this client, and so its next slice */
	fake_ring3.meanwhile = steal_and_go_on;
	before = fake_ring3.lent;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY);
	CHECK(fake_ring3.lent - before < 40 * MS);
	for (unsigned i = 0; i < 100 && vtpm_guest_try(1, 0, TPM_PCR_EXTEND_10, &r); i++)
		fake_ring3_pass(100 * MS);
}

/* The answer is there, and another vCPU is quicker than the one that is held for it. */
static void come_between(void)
{
	if (fake_ring3.left > PACE_FIRST)
		return;
	fake_ring3.meanwhile = NULL;
	fake_ring3_pass(PACE_FIRST);
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_GET_RANDOM_8, &stolen), TPM_RC_RETRY);
}

TEST(nobody_drops_the_answer_of_a_client_that_is_held)
{
	struct tpm_bytes r;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	fake_ring3.helper = true;
	fake_ring3.work = 5000 * MS;
	for (uint64_t pause = 20 * MS; pause <= 1280 * MS; pause *= 2) { /* Linux */
		CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY);
		fake_ring3_pass(pause);
	}
	fake_ring3.meanwhile = come_between;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), 0);
	CHECK_EQ(r.len, 28);
}

TEST(a_page_that_goes_away_costs_no_answer)
{
	struct tpm_bytes b = tpm_bytes(TPM_GET_RANDOM_16), r;
	/* the request and RETRY fit into the last page, the response does not */
	uint64_t at = AT(511) + PAGE_SIZE - 9 - b.len, lent;
	uint8_t before[9 + 12];

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = 15 * MS;
	vtpm_guest_write(at, 0, &b);
	CHECK_EQ(vtpm_guest_call(0, SVSM_VTPM_COMMAND, at), SVSM_SUCCESS);
	r = vtpm_guest_read(at);
	CHECK_EQ(tpm_code(&r), TPM_RC_RETRY);
	for (unsigned i = 0; i < 3; i++) {
		vtpm_guest_write(at, 0, &b);
		memcpy(before, fake_mem(at), sizeof(before));
		CHECK_EQ(vtpm_guest_call(0, SVSM_VTPM_COMMAND, at), SVSM_ERR_INVALID_ADDRESS);
		CHECK_MEM(fake_mem(at), before, sizeof(before));
	}
	lent = fake_ring3.lent;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), 0);
	CHECK_EQ(r.len, 28);
	CHECK_EQ(fake_ring3.lent, lent); /* it was done already */
}

TEST(a_service_that_dies_loses_its_command_and_nothing_else)
{
	struct tpm_bytes before, r;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_PCR_READ_10, &before), 0);
	fake_ring3.fault = true;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_FAILURE);
	CHECK_EQ(r.len, 10);
	CHECK_EQ(vtpm_service.restarts, 1);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), 0); /* started again */
	CHECK_EQ(try(TPM_STARTUP_CLEAR), TPM_RC_INITIALIZE);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_PCR_READ_10, &r), 0);
	CHECK(memcmp(r.data, before.data, r.len)); /* recover.h */
	CHECK_EQ(fake_ring3.started, 2);
}

TEST(a_killed_service_dies_with_or_without_a_command)
{
	struct tpm_bytes r;

	setup();
	CHECK_EQ(test_call(SVSM_TEST_VTPM_KILL, 0, 0, 0), SVSM_SUCCESS); /* it has not run yet */
	CHECK_EQ(fake_ring3.faulted, 1);
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = 50 * MS;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_KILL, 0, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(fake_ring3.faulted, 2);
	fake_ring3.work = 0;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_FAILURE);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), 0);
	CHECK_EQ(test_call(SVSM_TEST_STATS, 0, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(((struct vmsa *)fake_mem(VMSA(0)))->r9, 2);
}

TEST(a_service_that_always_dies_stays_dead)
{
	struct tpm_bytes r;

	setup();
	for (unsigned i = 0; i < SERVICE_RESTARTS_MAX + 3; i++) {
		fake_ring3.fault = true;
		check_context("death %u", i);
		CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_FAILURE);
	}
	CHECK_EQ(fake_ring3.started, SERVICE_RESTARTS_MAX);
	fake_ring3.fault = false;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_FAILURE);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_KILL, 0, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(vtpm_service.restarts, SERVICE_RESTARTS_MAX);
}

TEST(a_service_that_cannot_start_is_an_error_response)
{
	struct tpm_bytes r;

	setup();
	fake_ring3.wont_start = true;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_FAILURE);
	fake_ring3.wont_start = false;
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
}

/* ---- the test protocol ---- */

TEST(the_test_protocol_is_there_in_test_builds_only)
{
	setup();
	launch.flags = 0;
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(test_call(i, PAGE, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
	CHECK_EQ(fake_call(0, SVSM_CORE_QUERY_PROTOCOL, (uint64_t)SVSM_PROTO_TEST << 32 | 1, 0, 0),
		 SVSM_SUCCESS);
	CHECK_EQ(rcx_out(0), 0);
	launch.flags = LAUNCH_FLAG_TEST;
	CHECK_EQ(test_call(99, 0, 0, 0), SVSM_ERR_UNSUPPORTED_CALL);
	CHECK_EQ(fake_call(0, SVSM_CORE_QUERY_PROTOCOL, (uint64_t)SVSM_PROTO_TEST << 32 | 1, 0, 0),
		 SVSM_SUCCESS);
	CHECK_EQ(rcx_out(0), 1ull << 32 | 1);
}

TEST(a_state_can_be_carried_away_and_brought_back)
{
	static uint8_t blob[0x60000];
	struct tpm_bytes before, after;
	uint64_t len, n;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(try(TPM_PCR_EXTEND_10), 0);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_PCR_READ_10, &before), 0);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_SAVE, 0, 0, 0), SVSM_SUCCESS);
	len = rcx_out(0);
	CHECK(len > 0x1000 && len < sizeof(blob));
	for (uint64_t at = 0; at < len; at += n) {
		CHECK_EQ(test_call(SVSM_TEST_VTPM_GET, PAGE, at, 0), SVSM_SUCCESS);
		n = rcx_out(0);
		if (!CHECK(n && n <= PAGE_SIZE))
			return;
		memcpy(blob + at, fake_mem(PAGE), n);
	}
	setup(); /* another machine */
	for (uint64_t at = 0; at < len; at += n) {
		n = MIN(PAGE_SIZE, len - at);
		memcpy(fake_mem(PAGE), blob + at, n);
		CHECK_EQ(test_call(SVSM_TEST_VTPM_PUT, PAGE, at, n), SVSM_SUCCESS);
	}
	CHECK_EQ(test_call(SVSM_TEST_VTPM_LOAD, len - 1, 0, 0), SVSM_ERR_INVALID_REQUEST);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_LOAD, len, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_PCR_READ_10, &after), 0);
	CHECK_MEM(before.data, after.data, before.len);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_RESET, 0, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_PCR_READ_10, &after), TPM_RC_INITIALIZE);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_GET, PAGE, 0x60000, 0), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_PUT, PAGE, 0x5fff0, 17), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_PUT, PAGE, 0, PAGE_SIZE + 1), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_LOAD, 0x60001, 0, 0), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_GET, AT(600), 0, 0), SVSM_ERR_INVALID_ADDRESS);
}

TEST(a_snapshot_after_a_death)
{
	struct tpm_bytes before, after;
	uint64_t len;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_KILL, 0, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_PCR_READ_10, &before), 0);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_SAVE, 0, 0, 0), SVSM_SUCCESS);
	len = rcx_out(0);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_LOAD, len, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_PCR_READ_10, &after), 0);
	CHECK_MEM(before.data, after.data, before.len);
}

TEST(an_ek_through_the_test_protocol)
{
	uint64_t rax;
	unsigned calls = 0;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = 100 * MS;
	do {
		rax = test_call(SVSM_TEST_VTPM_EK, PAGE, VTPM_EK_ECC_P256, 0);
		if (calls == 2) {
			CHECK_EQ(try(TPM_GET_RANDOM_16), TPM_RC_RETRY);
			CHECK_EQ(test_call(SVSM_TEST_VTPM_EK, PAGE, VTPM_EK_ECC_P384, 0),
				 SVSM_ERR_BUSY);
		}
	} while (rax == SVSM_ERR_INCOMPLETE && ++calls < 50);
	CHECK_EQ(rax, SVSM_SUCCESS);
	CHECK(calls > 5);
	CHECK_EQ(rcx_out(0), 124);
	CHECK_EQ(*(uint8_t *)fake_mem(PAGE + 1), 122);
	fake_ring3.work = 0;
	CHECK_EQ(try(TPM_GET_RANDOM_16), 0);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_EK, PAGE, VTPM_KEYS, 0), SVSM_ERR_INVALID_REQUEST);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_EK, PAGE, 1ull << 32, 0), SVSM_ERR_INVALID_PARAMETER);
}

/* The request's client does not come back, and the guest's CPU is the only one. */
TEST(a_request_without_a_client_does_not_block_commands)
{
	unsigned attempts = 0;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = 100 * MS;
	CHECK_EQ(test_call(SVSM_TEST_VTPM_EK, PAGE, VTPM_EK_ECC_P256, 0), SVSM_ERR_INCOMPLETE);
	while (try(TPM_GET_RANDOM_16) == TPM_RC_RETRY && ++attempts < 100)
		fake_ring3.work = 0;
	CHECK(attempts >= 9 && attempts <= 10);
	/* a client that does ask again finds the answer */
	CHECK_EQ(test_call(SVSM_TEST_VTPM_EK, PAGE, VTPM_EK_ECC_P256, 0), SVSM_SUCCESS);
	CHECK_EQ(rcx_out(0), 124);
}

TEST(a_request_without_a_client_does_not_block_its_successor)
{
	unsigned attempts = 0;
	uint64_t rax;

	setup();
	CHECK_EQ(try(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = 100 * MS;
	CHECK_EQ(test_call(SVSM_TEST_VTPM_EK, PAGE, VTPM_EK_ECC_P256, 0), SVSM_ERR_INCOMPLETE);
	CHECK_EQ(test_call(SVSM_TEST_VTPM_PUT, PAGE, 0, 16), SVSM_ERR_BUSY);
	fake_ring3.work = 0;
	while ((rax = test_call(SVSM_TEST_VTPM_SAVE, 0, 0, 0)) == SVSM_ERR_BUSY && ++attempts < 100)
		;
	CHECK_EQ(rax, SVSM_SUCCESS);
	CHECK(attempts >= 7 && attempts <= 9);
}
