/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Reports for the vTPM's program before its TPM serves anybody (protocols/early_report.h):
 * for how long, over what, and whoever dies meanwhile, one number of VMPCK0 seals one payload.
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
#include "abi/snp.h"
#include "protocols/attest/attest_channel.h"
#include "protocols/early_report.h"

static struct attestation_report given;
static uint8_t wanted[64];

static void want(uint8_t byte)
{
	memset(wanted, byte, sizeof(wanted));
	wanted[0] = 1;
}

static enum service_report ask(void)
{
	memset(&given, 0xee, sizeof(given));
	return attest_early_report(wanted, &given);
}

/* As boot/main.c's loop: the program asks, and its CPU goes to the attestation service. */
static enum service_report turns(unsigned n)
{
	enum service_report r = ask();

	while (r == SERVICE_REPORT_LATER && n--) {
		attest_early_lend(10 * MS);
		now += 10 * MS;
		r = ask();
	}
	return r;
}

static void check_given(void)
{
	CHECK_MEM(given.report_data, wanted, sizeof(wanted));
	CHECK_EQ(given.vmpl, 0);
	CHECK(!ring3.two_payloads);
	CHECK(!host.differs);
}

static void begin(uint8_t byte)
{
	setup();
	attest_early_open();
	want(byte);
}

static uint64_t last_number(void)
{
	return host.last.seqno;
}

TEST(a_report_over_these_bytes)
{
	begin(0x31);
	CHECK_EQ(turns(10), SERVICE_REPORT_READY);
	check_given();
	CHECK_EQ(last_number(), 1);
	CHECK(!host.certificates);
	want(0x32);
	CHECK_EQ(turns(10), SERVICE_REPORT_READY);
	check_given();
	CHECK_EQ(last_number(), 3);
	attest_early_close();
}

TEST(before_and_after_there_is_none)
{
	setup();
	want(0x31);
	CHECK_EQ(turns(10), SERVICE_REPORT_DENIED);
	attest_early_open();
	CHECK_EQ(ask(), SERVICE_REPORT_LATER);
	attest_early_close();
	CHECK_EQ(turns(10), SERVICE_REPORT_DENIED); /* also of one that was under way */
	CHECK_EQ(given.vmpl, 0xeeeeeeee);
	operation(1);
	CHECK_EQ(single(), SVSM_SUCCESS); /* which is brought to its end first */
	check_report(18);
	CHECK_EQ(host.asked, 2);
	CHECK_EQ(last_number(), 3);
	CHECK(!ring3.two_payloads);
	CHECK_EQ(turns(1), SERVICE_REPORT_DENIED);
}

/* At each point at which it can stop: the guest's own report has the next number. */
TEST(one_that_was_left_behind)
{
	for (unsigned n = 0; n < 12; n++) {
		check_context("after %u turns", n);
		begin(0x40);
		turns(n);
		attest_early_close();
		operation((uint8_t)n);
		CHECK_EQ(single(), SVSM_SUCCESS);
		check_report(18);
		CHECK_EQ(last_number(), 3);
		CHECK_EQ(host.asked, 2);
		CHECK(!ring3.two_payloads);
		CHECK(!host.differs);
	}
}

/* The vTPM's program dies, and the new one has another key and asks for another report: it never
 * gets the one before. */
TEST(a_program_that_begins_anew)
{
	for (unsigned n = 0; n < 4; n++) {
		check_context("after %u turns", n);
		begin(0x50);
		turns(n);
		want(0x51);
		CHECK_EQ(turns(30), SERVICE_REPORT_READY);
		check_given();
		attest_early_close();
	}
}

TEST(the_attestation_service_dies)
{
	for (unsigned deaths = 1; deaths < SERVICE_RESTARTS_MAX; deaths++)
		for (unsigned n = 0; n < 2; n++) {
			check_context("%u times, %s", deaths, n ? "and the program" : "alone");
			begin(0x60);
			ring3.deaths = deaths;
			turns(n);
			want((uint8_t)(0x60 + n));
			CHECK_EQ(turns(60), SERVICE_REPORT_READY);
			check_given();
			attest_early_close();
		}
	begin(0x62);
	ring3.deaths = 1000;
	CHECK_EQ(turns(60), SERVICE_REPORT_NONE);
	CHECK_EQ(attest_channel_state(), ATTEST_CHANNEL_LOST);
	CHECK(!ring3.two_payloads);
	attest_early_close();
}

/* A host that is busy gets the same bytes, however often the program dies and asks for others. */
TEST(a_busy_host)
{
	begin(0x70);
	host.status = (uint64_t)VMM_ERROR_BUSY;
	host.times = 20;
	for (unsigned i = 0; i < 8; i++) {
		want((uint8_t)(0x70 + i));
		CHECK_EQ(turns(3), SERVICE_REPORT_LATER);
	}
	CHECK_EQ(turns(100), SERVICE_REPORT_READY);
	check_given();
	attest_early_close();
}

TEST(a_processor_that_gives_none_and_a_host_that_lies)
{
	begin(0x80);
	host.no_report = SNP_STATUS_INVALID_PARAM;
	CHECK_EQ(turns(10), SERVICE_REPORT_NONE);
	host.no_report = 0;
	CHECK_EQ(turns(10), SERVICE_REPORT_READY); /* the next number, and all is well */
	check_given();
	host.spoils = true;
	CHECK_EQ(turns(10), SERVICE_REPORT_NONE);
	CHECK_EQ(turns(10), SERVICE_REPORT_NONE); /* for good: its key is wiped */
	for (unsigned i = 0; i < 32; i++)
		CHECK_EQ(secrets.vmpck[0][i], 0);
	attest_early_close();
}

/* A guest asks meanwhile, which does not happen as long as a manifest needs a TPM that is ready: it
 * takes its turn, and both get theirs. */
TEST(a_guest_that_asks_meanwhile)
{
	for (unsigned n = 0; n < 12; n++) {
		check_context("after %u turns", n);
		begin(0x90);
		host.status = (uint64_t)VMM_ERROR_BUSY;
		host.times = 2;
		turns(n);
		operation((uint8_t)n);
		call_at(0, SVSM_ATTEST_SINGLE_SERVICE, OP);
		turns(2);
		CHECK_EQ(single(), SVSM_SUCCESS);
		check_report(18);
		CHECK_EQ(turns(30), SERVICE_REPORT_READY);
		check_given();
		attest_early_close();
	}
}
