/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The TPM before its guest (docs/vtpm.md, "Start"): firmware that sends each command once, a direct
 * boot whose events are in the PCRs before any command, and a service that dies meanwhile. PCRs:
 * TPM 2.0 Library, part 1, 17: a PCR becomes the hash of its value and the digest behind it.
 *
 * sources: tests/native/no_apic.c
 * sources: tests/native/fake.c tests/native/fake_service.c tests/native/tpm_client.c
 * sources: tests/native/vtpm_guest.c svsm/mm/pagestate.c svsm/task/vmsa_registry.c
 * sources: svsm/platform/snp/vcpu_state.c svsm/task/vmsa_flush.c svsm/mm/guestpage.c
 * sources: svsm/user/service/service.c svsm/user/service/service_calls.c
 * sources: svsm/user/service/service_blob.c svsm/user/syscall.c svsm/protocols/dispatch.c
 * sources: svsm/protocols/buffer.c svsm/protocols/core.c svsm/protocols/mem_available.c
 * sources: svsm/protocols/core_memory.c svsm/protocols/core_vcpu.c svsm/protocols/vtpm.c
 * sources: svsm/protocols/vtpm_pace.c svsm/protocols/vtpm_page.c svsm/protocols/vtpm_request.c
 * sources: svsm/protocols/vtpm_service.c svsm/protocols/vtpm_boot.c
 * sources: svsm/services/vtpm/serve.c svsm/services/vtpm/tpm.c svsm/services/vtpm/primary.c svsm/services/vtpm/keys.c
 * sources: svsm/services/vtpm/boot.c svsm/services/vtpm/message.c svsm/services/vtpm/recover.c
 * sources: svsm/services/vtpm/snapshot.c svsm/lib/crc32.c svsm/services/vtpm/durable.c svsm/services/vtpm/sealing_keys.c
 * sources: tests/native/no_release.c svsm/services/lib/state.c svsm/services/lib/state_seal.c svsm/services/lib/channel.c
 * sources: svsm/lib/channel/channel_frame.c svsm/lib/channel/channel_tag.c
 * sources: svsm/services/lib/channel_slots.c svsm/services/lib/channel_session.c svsm/services/lib/channel_time.c
 * libs: -ltpms -lcrypto
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake_service.h"
#include "protocols/vtpm.h"
#include "protocols/vtpm_boot.h"
#include "protocols/vtpm_pace.h"
#include "tests/native/vtpm_guest.h"

#define MS 1000000ull

static struct launch_info launch;

static void setup(enum launch_guest guest, unsigned service_cpus)
{
	fake_setup();
	vtpm_forget();
	fake_ring3_reset();
	launch = (struct launch_info){.guest = guest};
	fake_service_cpus = service_cpus;
}

/* Each digest is filled with one byte. */
static void add_event(uint32_t pcr, uint8_t byte)
{
	struct launch_event *e = &launch.events[launch.event_count++];

	*e = (struct launch_event){.pcr = pcr, .type = LAUNCH_EV_IPL, .text = "test"};
	memset(e->sha1, byte, sizeof(*e) - offsetof(struct launch_event, sha1));
}

static void boot(void)
{
	vtpm_boot_before_guest(&launch);
	vtpm_boot_after_guest(&launch);
}

static uint32_t once(const char *hex)
{
	struct tpm_bytes r;

	return vtpm_guest_try(0, 0, hex, &r);
}

/* Lets what is under way come to its end, so that the next setup() finds nothing. */
static void drain(void)
{
	fake_ring3.left = fake_ring3.work = 0;
	for (unsigned i = 0; i < 10 && once(TPM_GET_RANDOM_16) == TPM_RC_RETRY; i++)
		fake_ring3_pass(PACE_KEEP);
}

/* ---- firmware that asks once ---- */

TEST(firmware_is_answered_while_the_tpm_is_made)
{
	for (unsigned helper = 0; helper < 2; helper++) { /* or the service CPU never wakes */
		setup(LAUNCH_GUEST_BARE, 1);
		fake_ring3.helper = helper;
		fake_ring3.work = 300 * MS;
		boot();
		CHECK_EQ(fake_ring3.lent, 0); /* the guest has started */
		check_context("helper %u", helper);
		CHECK_EQ(once(TPM_STARTUP_CLEAR), 0);
		CHECK_EQ(fake_ring3.lent, 600 * MS);
		CHECK_EQ(fake_ring3.self_tests, 1);
		/* and no command after it holds its vCPU like this */
		CHECK_EQ(once(TPM_GET_RANDOM_16), TPM_RC_RETRY);
		CHECK_EQ(fake_ring3.lent, 610 * MS);
		drain();
	}
}

/* Nobody makes keys ahead while the machine boots; then the service CPU is told, once. */
TEST(the_end_of_the_boot_wakes_the_service_cpu)
{
	setup(LAUNCH_GUEST_BARE, 1);
	fake_ring3.helper = true;
	fake_ring3.woken = 0;
	boot();
	CHECK_EQ(vtpm_rest_left(PACE_KEEP), UINT64_MAX);
	CHECK_EQ(fake_ring3.woken, 0);
	CHECK_EQ(once(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(fake_ring3.woken, 1);
	CHECK_EQ(vtpm_rest_left(PACE_KEEP), PACE_KEEP);
	fake_ring3_pass(PACE_KEEP - 1);
	CHECK_EQ(vtpm_rest_left(PACE_KEEP), 1);
	fake_ring3_pass(1);
	CHECK_EQ(vtpm_rest_left(PACE_KEEP), 0);
	fake_ring3.helper = false; /* nobody goes on with a command */
	fake_ring3.work = 300 * MS;
	CHECK_EQ(once(TPM_GET_RANDOM_16), TPM_RC_RETRY);
	fake_ring3_pass(2 * PACE_KEEP);
	CHECK_EQ(vtpm_rest_left(PACE_KEEP), PACE_KEEP); /* it is under way all the same */
	CHECK_EQ(fake_ring3.woken, 1);
	drain();
}

TEST(without_a_service_cpu_the_tpm_is_there_first)
{
	setup(LAUNCH_GUEST_BARE, 0);
	fake_ring3.work = 300 * MS;
	vtpm_boot_before_guest(&launch);
	CHECK_EQ(fake_ring3.lent, 300 * MS);
	fake_ring3.work = 0;
	vtpm_boot_after_guest(&launch);
	CHECK_EQ(once(TPM_STARTUP_CLEAR), 0);
	CHECK_EQ(fake_ring3.lent, 300 * MS);
	CHECK_EQ(fake_ring3.started, 1);
	CHECK_EQ(fake_ring3.self_tests, 1);
}

/* ---- firmware that is known for it ---- */

static void setup_firmware(void)
{
	setup(LAUNCH_GUEST_FIRMWARE, 1);
	launch.section_count = 1;
	launch.sections[0] = (struct launch_section){CAA(0), PAGE_SIZE, LAUNCH_SECTION_CAA};
	boot();
}

static uint64_t call_again(void)
{
	return vtpm_guest_call(0, SVSM_VTPM_COMMAND, VTPM_GUEST_PAGE);
}

TEST(firmware_never_gets_retry)
{
	struct tpm_bytes command = tpm_bytes(TPM_GET_RANDOM_16), page;
	uint64_t retries = vtpm_stats().retries;

	setup_firmware();
	fake_ring3.work = 300 * MS;
	CHECK_EQ(once(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = 2500 * MS; /* the third call has the answer */
	fake_ring3.lent = 0;
	vtpm_guest_write(VTPM_GUEST_PAGE, 0, &command);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(call_again(), SVSM_ERR_INCOMPLETE);
		CHECK_EQ(fake_ring3.lent, (i + 1) * PACE_FIRMWARE);
		CHECK(!memcmp((uint8_t *)fake_mem(VTPM_GUEST_PAGE) + 9, command.data, command.len));
	}
	CHECK_EQ(call_again(), SVSM_SUCCESS);
	page = vtpm_guest_read(VTPM_GUEST_PAGE);
	CHECK_EQ(page.len, 28);
	CHECK_EQ(tpm_code(&page), 0);
	CHECK_EQ(vtpm_stats().retries, retries);
	drain();
}

TEST(another_vcpu_of_firmware_waits_for_its_turn)
{
	struct tpm_bytes command = tpm_bytes(TPM_GET_RANDOM_16), r;

	setup_firmware();
	CHECK_EQ(once(TPM_STARTUP_CLEAR), 0);
	fake_ring3.work = 2500 * MS;
	vtpm_guest_write(VTPM_GUEST_PAGE, 0, &command);
	CHECK_EQ(call_again(), SVSM_ERR_INCOMPLETE);
	command = tpm_bytes(TPM_STARTUP_CLEAR);
	vtpm_guest_write(VTPM_GUEST_PAGE + 2 * PAGE_SIZE, 0, &command);
	CHECK_EQ(vtpm_guest_call(1, SVSM_VTPM_COMMAND, VTPM_GUEST_PAGE + 2 * PAGE_SIZE),
		 SVSM_ERR_INCOMPLETE);
	CHECK_EQ(call_again(), SVSM_SUCCESS);
	fake_ring3.work = 0;
	CHECK_EQ(vtpm_guest_try(1, 0, TPM_STARTUP_CLEAR, &r), TPM_RC_INITIALIZE);
	drain();
}

/* 58019, 6.1: REMAP_CA. Linux moves the area as soon as it has memory of its own. */
TEST(an_operating_system_takes_over_with_its_calling_area)
{
	setup_firmware();
	CHECK_EQ(once(TPM_STARTUP_CLEAR), 0);
	CHECK(vtpm_boot_firmware());
	CHECK_EQ(fake_call(1, SVSM_CORE_REMAP_CA, AT(200), 0, 0), SVSM_SUCCESS);
	CHECK(vtpm_boot_firmware()); /* another vCPU's says nothing */
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, AT(201), 0, 0), SVSM_SUCCESS);
	CHECK(!vtpm_boot_firmware());
	fake_ring3.work = 300 * MS;
	CHECK_EQ(once(TPM_GET_RANDOM_16), TPM_RC_RETRY);
	drain();
	CHECK_EQ(fake_call(0, SVSM_CORE_REMAP_CA, CAA(0), 0, 0), SVSM_SUCCESS);
	CHECK(!vtpm_boot_firmware()); /* and it stays so */
}

static uint32_t other_code;
static void other_vcpu(void)
{
	struct tpm_bytes r;

	fake_ring3.meanwhile = NULL;
	other_code = vtpm_guest_try(1, 0, TPM_STARTUP_CLEAR, &r);
}

TEST(two_vcpus_are_both_answered)
{
	struct tpm_bytes r;

	setup(LAUNCH_GUEST_BARE, 1);
	fake_ring3.work = 300 * MS;
	boot();
	fake_ring3.meanwhile = other_vcpu;
	/* The other one is answered first; the boot's patience is that of both. */
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), 0);
	CHECK_EQ(other_code, 0);
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY);
	drain();
}

TEST(nobody_is_held_longer_than_that)
{
	for (unsigned helper = 0; helper < 2; helper++) {
		uint64_t before;

		check_context("helper %u", helper);
		setup(LAUNCH_GUEST_LINUX, 1);
		add_event(4, 0x44);
		fake_ring3.helper = helper;
		fake_ring3.work = 2 * PACE_BOOT;
		boot();
		CHECK_EQ(once(TPM_STARTUP_CLEAR), TPM_RC_RETRY);
		CHECK(fake_ring3.lent >= PACE_BOOT &&
		      fake_ring3.lent <= PACE_BOOT + 2 * PACE_FIRST);
		/* The guest has had its answer: from here on the ordinary pace, and still the
		 * preparation goes before any command. */
		before = fake_ring3.lent;
		CHECK_EQ(once(TPM_STARTUP_CLEAR), TPM_RC_RETRY);
		CHECK(fake_ring3.lent - before <= PACE_FIRST);
		fake_ring3_pass(2 * PACE_BOOT);
		fake_ring3.work = 0;
		for (unsigned i = 0; i < 1000 && once(TPM_STARTUP_CLEAR) == TPM_RC_RETRY; i++)
			fake_ring3_pass(20 * MS);
		CHECK_EQ(once(TPM_STARTUP_CLEAR), TPM_RC_INITIALIZE); /* it was not the first */
	}
}

/* ---- the direct boot ---- */

static const struct {
	const char *name, *alg;
	unsigned bytes;
} banks[] = {{"SHA1", "0004", 20},
	     {"SHA256", "000b", 32},
	     {"SHA384", "000c", 48},
	     {"SHA512", "000d", 64}};

/* A PCR (0 to 15) of a bank as the guest reads it. */
static void read_pcr(unsigned bank, unsigned pcr, uint8_t out[64])
{
	char hex[80];
	struct tpm_bytes r;

	snprintf(hex, sizeof(hex), "8001 00000000 0000017e 00000001 %s 03 %02x%02x00",
		 banks[bank].alg, pcr < 8 ? 1 << pcr : 0, pcr < 8 ? 0 : 1 << (pcr - 8));
	CHECK_EQ(vtpm_guest_try(0, 0, hex, &r), 0);
	if (CHECK(r.len >= 10 + banks[bank].bytes))
		memcpy(out, r.data + r.len - banks[bank].bytes, banks[bank].bytes);
}

static void extend(unsigned bank, uint8_t pcr[64], uint8_t byte)
{
	const EVP_MD *md = EVP_get_digestbyname(banks[bank].name);
	uint8_t both[128];

	memcpy(both, pcr, banks[bank].bytes);
	memset(both + banks[bank].bytes, byte, banks[bank].bytes);
	CHECK(EVP_Digest(both, 2 * banks[bank].bytes, pcr, NULL, md, NULL));
}

TEST(a_direct_boot_is_measured_in_all_banks)
{
	for (unsigned services = 0; services < 2; services++) {
		setup(LAUNCH_GUEST_LINUX, services);
		add_event(4, 0x44);
		add_event(9, 0x91);
		add_event(9, 0x92);
		boot();
		CHECK_EQ(once(TPM_STARTUP_CLEAR), TPM_RC_INITIALIZE);
		for (unsigned b = 0; b < ARRAY_LEN(banks); b++) {
			uint8_t told[64] = {0}, pcr4[64] = {0}, pcr9[64] = {0}, zero[64] = {0};

			check_context("%s, %u service CPUs", banks[b].name, services);
			extend(b, pcr4, 0x44);
			extend(b, pcr9, 0x91);
			extend(b, pcr9, 0x92);
			read_pcr(b, 4, told);
			CHECK_MEM(told, pcr4, banks[b].bytes);
			read_pcr(b, 9, told);
			CHECK_MEM(told, pcr9, banks[b].bytes);
			read_pcr(b, 10, told);
			CHECK_MEM(told, zero, banks[b].bytes);
		}
	}
}

/* ---- deaths ---- */

TEST(a_boot_lost_with_its_service_is_made_again)
{
	uint8_t told[64] = {0}, expected[64] = {0};

	setup(LAUNCH_GUEST_LINUX, 1);
	add_event(4, 0x44);
	fake_ring3.fault = true; /* with the request taken, the TPM made */
	boot();
	CHECK_EQ(once(TPM_STARTUP_CLEAR), TPM_RC_INITIALIZE);
	CHECK_EQ(vtpm_service.restarts, 1);
	/* The TPM may have been used: no PCR has a value that a verifier expects (recover.h). */
	extend(1, expected, 0x44);
	read_pcr(1, 4, told);
	CHECK(memcmp(told, expected, 32));
	read_pcr(1, 9, told);
	memset(expected, 0, sizeof(expected));
	CHECK(memcmp(told, expected, 32));
}

static void always_dies(void)
{
	fake_ring3.fault = true;
}

TEST(a_tpm_that_was_not_measured_serves_nobody)
{
	for (unsigned why = 0; why < 3; why++) {
		check_context("case %u", why);
		setup(LAUNCH_GUEST_LINUX, why & 1);
		add_event(4, 0x44);
		if (why == 0)
			fake_ring3.fails_self_test = true;
		else if (why == 1)
			launch.events[0].pcr = 99; /* TPM2_PCR_Extend fails */
		else
			fake_ring3.meanwhile = always_dies;
		fake_ring3.fault = why == 2;
		boot();
		for (unsigned i = 0; i < 3; i++)
			CHECK_EQ(once(TPM_GET_RANDOM_16), TPM_RC_FAILURE);
		CHECK_EQ(once(TPM_STARTUP_CLEAR), TPM_RC_FAILURE);
		CHECK_EQ(vtpm_service.restarts, SERVICE_RESTARTS_MAX);
	}
}

TEST(after_a_later_death_the_pace_is_the_ordinary_one)
{
	struct tpm_bytes r;
	uint64_t before;

	setup(LAUNCH_GUEST_BARE, 1);
	boot();
	CHECK_EQ(once(TPM_STARTUP_CLEAR), 0);
	fake_ring3.fault = true;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_FAILURE);
	fake_ring3.work = 300 * MS;
	before = fake_ring3.lent;
	CHECK_EQ(vtpm_guest_try(0, 0, TPM_GET_RANDOM_16, &r), TPM_RC_RETRY);
	CHECK_EQ(fake_ring3.lent - before, PACE_FIRST);
	CHECK_EQ(fake_ring3.self_tests, 1);
	drain();
}

/* ---- a state that is kept: the key of the channel is agreed upon before the guest reads along
 * (docs/channel.md). No host answers here. ---- */

static bool fill_session(void *to, uint64_t from, size_t len)
{
	memcpy(to, (const void *)from, len);
	return true;
}

static void boot_with_session(bool agreed)
{
	struct channel_session s = {.next = 1, .agreed = agreed};

	setup(LAUNCH_GUEST_LINUX, 1);
	launch.flags = LAUNCH_FLAG_STATE;
	CHECK_EQ(service_blob_replace(&vtpm_service, SERVICE_SLOT_CHANNEL, sizeof(s), fill_session,
				      (uint64_t)&s),
		 0);
	vtpm_boot_before_guest(&launch);
	CHECK(!vtpm_boot_pending()); /* although there is a service CPU */
}

TEST(a_channel_without_a_key_is_closed_before_the_guest)
{
	setup(LAUNCH_GUEST_LINUX, 1);
	launch.flags = LAUNCH_FLAG_STATE;
	vtpm_boot_before_guest(&launch);
	CHECK(!vtpm_boot_pending());
	CHECK(!vtpm_service.channel);
	CHECK_EQ(fake_ring3.no_key, 1);
	boot_with_session(false);
	CHECK(!vtpm_service.channel);
	CHECK_EQ(fake_ring3.no_key, 1);
	boot_with_session(true);
	CHECK(vtpm_service.channel);
	CHECK_EQ(fake_ring3.no_key, 0);
	vtpm_service.channel = false;
}
