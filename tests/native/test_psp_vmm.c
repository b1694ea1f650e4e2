/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A host around guest requests: certificates, and what a host can do wrong; with the words of
 * --psp. GHCB specification (56421), "SNP Guest Request" and its extended form.
 *
 * sources: harness/psp/vmm.c harness/psp/table.c harness/psp/message.c harness/psp/gcm.c
 * sources: harness/psp/sealed.c
 * sources: harness/core/psp_config.c launch/profiles/words.c
 * libs: -lcrypto
 */
#include "tests/native/psp_guest.h"
#include "harness/psp/chain.h"
#include "harness/psp/payload.h"
#include "harness/psp/vmm.h"

#include <stdlib.h>

/* ---- what stands in for chain and payloads ---- */

static uint8_t certificate[CHAIN_CERTIFICATES][2000];
static unsigned asked;

const uint8_t *chain_der(const struct psp_chain *chain, enum chain_certificate which, size_t *size)
{
	(void)chain;
	*size = 1000 + which;
	memset(certificate[which], 0xc0 + which, *size);
	return certificate[which];
}

size_t psp_report(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	(void)p, (void)vmpck, (void)in, (void)n;
	memset(out, ++asked, 32);
	return 32;
}

size_t psp_key(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	return psp_report(p, vmpck, in, n, out);
}

size_t psp_cpuid(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	return psp_report(p, vmpck, in, n, out);
}

size_t psp_tsc_info(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	return psp_report(p, vmpck, in, n, out);
}

static struct psp_config config;
static struct psp psp;
static struct vmm vmm;
static uint8_t request[MSG_PAGE], response[MSG_PAGE];
static struct psp_link_reply reply;
static bool other_payload; /* in the requests */

static void set(const char *word)
{
	char *wrong = psp_config_set(&config, word);

	check_context("%s", word);
	CHECK(!wrong);
	free(wrong);
}

/* Faults: words for --psp fault=, up to NULL. */
static void begin(const char *const *faults)
{
	psp_config_default(&config);
	for (; faults && *faults; faults++)
		set(*faults);
	psp = (struct psp){.config = &config};
	CHECK(psp_guest_init(&psp.guest));
	psp.guest.running = true;
	CHECK(vmm_init(&vmm, &psp));
	asked = 0;
}

static void serve(uint64_t seqno, bool extended, uint32_t pages)
{
	uint8_t payload[16] = {other_payload};
	struct psp_link_request q = {.extended = extended, .pages = pages};

	msg_plain(request, seqno, 5, 2, payload, sizeof(payload));
	msg_seal(request, psp.guest.vmpck[2], sizeof(payload));
	memset(response, 0, sizeof(response));
	vmm_serve(&vmm, &q, (void *)request, (void *)response, &reply);
}

/* The processor was asked, and its answer arrives. */
static void check_served(uint64_t seqno)
{
	serve(seqno, false, 0);
	CHECK_EQ(reply.info2, 0);
	CHECK_EQ(reply.size, MSG_PAGE);
	CHECK_EQ(get_le(response + 0x20, 8), seqno + 1);
	CHECK(msg_open(response, psp.guest.vmpck[2]));
}

/* The host's own word: nothing is written and nothing counted. */
static void check_host(uint64_t seqno, uint64_t info2)
{
	unsigned before = asked;

	serve(seqno, false, 0);
	CHECK_EQ(reply.info2, info2);
	CHECK_EQ(reply.size | reply.table, 0);
	CHECK_EQ(asked, before);
}

TEST(what_is_refused_may_be_sent_again)
{
	begin((const char *const[]){"fault=busy:2", "fault=host", "fault=invalid-len",
				    "fault=firmware", NULL});
	check_host(1, 2ull << 32);
	check_host(1, 2ull << 32);
	check_host(1, 1ull << 63);
	check_host(1, 1ull << 32);
	CHECK_EQ(reply.pages, 1);
	check_host(1, 0x16);
	check_served(1);
	check_served(3);
}

/* The host has the first one, although the processor has not seen it. */
TEST(what_is_refused_has_used_its_number)
{
	static const char *const faults[] = {"fault=busy", "fault=host", "fault=invalid-len",
					     "fault=firmware"};

	for (unsigned i = 0; i < ARRAY_LEN(faults); i++) {
		check_context("%s", faults[i]);
		begin((const char *const[]){faults[i], NULL});
		serve(1, false, 0);
		CHECK(reply.info2);
		serve(1, false, 0);
		CHECK_EQ(reply.info2, 0);
		CHECK(!psp.reused);
		begin((const char *const[]){faults[i], NULL});
		serve(1, false, 0);
		other_payload = true;
		serve(1, false, 0);
		other_payload = false;
		CHECK(psp.reused);
	}
}

TEST(faults_in_the_order_given)
{
	begin((const char *const[]){"fault=none:2", "fault=busy", "fault=none", "fault=host",
				    NULL});
	check_served(1);
	check_served(3);
	check_host(5, 2ull << 32);
	check_served(5);
	check_host(7, 1ull << 63);
	check_served(7);
}

TEST(a_wrong_tag)
{
	begin((const char *const[]){"fault=tag", NULL});
	serve(1, false, 0);
	CHECK_EQ(reply.info2, 0);
	CHECK_EQ(get_le(response + 0x20, 8), 2);
	CHECK(!msg_open(response, psp.guest.vmpck[2]));
	check_served(3); /* it was counted */
}

TEST(a_wrong_sequence)
{
	begin((const char *const[]){"fault=sequence", NULL});
	serve(1, false, 0);
	CHECK_EQ(get_le(response + 0x20, 8), 4);
	CHECK(!msg_open(response, psp.guest.vmpck[2])); /* number 4 was never used with the key */
	check_served(3);
}

TEST(a_replay_is_the_answer_before)
{
	uint8_t first[MSG_PAGE];

	begin((const char *const[]){"fault=replay", NULL});
	serve(1, false, 0); /* there is nothing to replay yet */
	CHECK_EQ(get_le(response + 0x20, 8), 2);
	memcpy(first, response, sizeof(first));
	serve(3, false, 0);
	CHECK_EQ(reply.info2, 0);
	CHECK_MEM(response, first, sizeof(first));
	check_served(3); /* the processor has not seen it */
}

TEST(slow_is_told_before)
{
	begin((const char *const[]){"fault=none", "fault=slow", NULL});
	CHECK(!vmm_is_slow(&vmm));
	check_served(1);
	CHECK(vmm_is_slow(&vmm));
	check_served(3);
	CHECK(!vmm_is_slow(&vmm));
}

TEST(certificates_come_with_an_extended_request)
{
	static const uint8_t vcek[] = {0x63, 0xda, 0x75, 0x8d}, ark[] = {0xc0, 0xb4, 0x06, 0xa4};
	const uint8_t *t = vmm.table;

	begin(NULL);
	serve(1, true, 1);
	CHECK_EQ(reply.info2, 0);
	CHECK_EQ(reply.table, 4 * 24 + 3003);
	CHECK_MEM(t, vcek, sizeof(vcek));
	CHECK_MEM(t + 48, ark, sizeof(ark));
	CHECK_EQ(get_le(t + 16, 4), 4 * 24);
	CHECK_EQ(get_le(t + 20, 4), 1000);
	CHECK_EQ(get_le(t + 24 + 16, 4), 4 * 24 + 1000);
	CHECK_EQ(get_le(t + 72, 8) | get_le(t + 80, 8) | get_le(t + 88, 8), 0);
	CHECK_EQ(t[4 * 24], 0xc0);
	CHECK_EQ(t[4 * 24 + 1000], 0xc1);
	serve(3, true, 0); /* no room: the processor is not asked */
	CHECK_EQ(reply.info2, 1ull << 32);
	CHECK_EQ(reply.pages, 1);
	CHECK_EQ(reply.size | reply.table, 0);
	check_served(3);
}

TEST(with_a_vlek_the_table_has_its_own)
{
	static const uint8_t vlek[] = {0xa8, 0x07, 0x4b, 0xc2}, asvk[] = {0x4a, 0xb7, 0xb3, 0x79};

	psp_config_default(&config);
	set("vlek=Cloud");
	psp = (struct psp){.config = &config};
	CHECK(vmm_init(&vmm, &psp));
	CHECK_MEM(vmm.table, vlek, sizeof(vlek));
	CHECK_MEM(vmm.table + 24, asvk, sizeof(asvk));
}

TEST(words_of_psp)
{
	static const char *const wrong[] = {
		"",
		"report",
		"report=4",
		"report=3x",
		"product=Naples",
		"vlek=",
		"vlek=a/b",
		"vlek=0123456789abcdef0123456789abcdef",
		"id-key=",
		"tcb=1.2.3",
		"tcb=1..3.4",
		"tcb=1.2.3.256",
		"tcb=128.0.0.0",
		"tcb=1.2.3.4.5",
		"host-data=",
		"host-data=0",
		"host-data=0g",
		"svn=-1",
		"svn=4294967296",
		"policy=",
		"fault=none:0",
		"fault=tags",
		"fault=busy:x",
		"mask-chip-key=1",
		"chip=00",
		"family-id=000000000000000000000000000000000a",
	};
	static const uint8_t tcb[8] = {1, 2, 0, 0, 0, 0, 3, 255}, data[32] = {0xab, 0x0c};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char *why;

		psp_config_default(&config);
		why = psp_config_set(&config, wrong[i]);
		check_context("'%s'", wrong[i]);
		CHECK(why);
		free(why);
	}
	psp_config_default(&config);
	set("report=5");
	set("product=Milan");
	set("tcb=1.2.3.255");
	set("host-data=ab0c");
	set("svn=0x10");
	set("policy=0xb0000");
	set("mask-chip-key=yes");
	CHECK_EQ(config.report_version, 5);
	CHECK_STR(config.product, "Milan");
	CHECK_EQ(config.fms[1], 1);
	CHECK_MEM(config.tcb, tcb, 8);
	CHECK_MEM(config.host_data, data, 32);
	CHECK_EQ(config.guest_svn, 16);
	CHECK_EQ(config.policy, 0xb0000);
	CHECK(config.mask_chip_key);
}
