/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Requests for attestation, and what every answer has to be: 58019, 7; 56860, table 23. */
#include "bare/attest/ask.h"
#include "bare/lib/smp.h"
#include "lib/string.h"

#define PATIENCE 300 /* seconds, generously counted: the first request may wait for RSA keys */

/* ATTESTATION_REPORT */
#define REPORT_VMPL 0x30
#define REPORT_ALGO 0x34
#define REPORT_DATA 0x50

uint64_t ask_page(unsigned page)
{
	return MEM_PAGE(R, percpu_index() * PAGE_HALF + page);
}

struct ask ask_services(void)
{
	struct ask a = {.call = ATTEST(SERVICES), .at = ask_page(PAGE_OPERATION)};
	uint8_t *nonce = (uint8_t *)ask_page(PAGE_NONCE);

	for (unsigned i = 0; i < 64; i++)
		nonce[i] = (uint8_t)(0x80 + i);
	a.op.op.report.gpa = ask_page(PAGE_REPORT);
	a.op.op.report.size = REPORT_ROOM;
	a.op.op.nonce.gpa = (uint64_t)nonce;
	a.op.op.nonce.size = 64;
	a.op.op.manifest.gpa = ask_page(PAGE_MANIFEST);
	a.op.op.manifest.size = MANIFEST_ROOM;
	return a;
}

struct ask ask_vtpm(uint32_t version)
{
	static const uint8_t vtpm[16] = ATTEST_GUID_VTPM;
	struct ask a = ask_services();

	a.call = ATTEST(SINGLE_SERVICE);
	memcpy(a.op.service, vtpm, sizeof(vtpm));
	a.op.version = version;
	return a;
}

void ask_want_certificates(struct ask *a)
{
	a->op.op.certificates.gpa = ask_page(PAGE_CERTIFICATES);
	a->op.op.certificates.size = CERTIFICATES_ROOM;
}

/* 58019, 5: INCOMPLETE and BUSY ask for the same call again. */
uint64_t ask_call(struct ask *a)
{
	struct patience p = smp_patience(PATIENCE);

	for (a->again = 0;; a->again++) {
		a->c = (struct svsm_call){a->call, a->at, RDX_BEFORE, R8_BEFORE, R9_BEFORE, 0};
		svsm_call(&a->c);
		if ((a->c.rax != SVSM_ERR_INCOMPLETE && a->c.rax != SVSM_ERR_BUSY) ||
		    smp_patience_over(&p))
			break;
	}
	CHECK_EQ(a->c.pending, 0);
	return a->c.rax;
}

static size_t operation_size(const struct ask *a)
{
	return a->call == ATTEST(SERVICES) ? sizeof(a->op.op) : sizeof(a->op);
}

/*
 * Keys that a manifest lists are made when it is first asked for, which takes longer than a call
 * may on a busy host: then there is no report. So they are made before it counts, by a request that
 * gets no further than that, because its manifest has no room.
 */
static void make_keys(const struct ask *asked)
{
	static bool made[2];
	static const uint8_t vtpm[16] = ATTEST_GUID_VTPM;
	uint32_t version = asked->call == ATTEST(SINGLE_SERVICE) ? asked->op.version : 0;
	struct patience p = smp_patience(PATIENCE);
	struct ask a = {.call = version ? ATTEST(SINGLE_SERVICE) : ATTEST(SERVICES),
			.at = ask_page(PAGE_WARM)};

	if (version > 1 || made[version])
		return;
	a.op.op.report.gpa = ask_page(PAGE_REPORT);
	a.op.op.report.size = REPORT_ROOM;
	a.op.op.nonce.gpa = ask_page(PAGE_WARM + 1);
	a.op.op.nonce.size = 64;
	a.op.op.manifest.gpa = ask_page(PAGE_MANIFEST);
	memcpy(a.op.service, vtpm, sizeof(vtpm));
	a.op.version = version;
	memcpy((void *)a.at, &a.op, operation_size(&a));
	while (ask_call(&a) == SVSM_ERR_ATTEST_NO_REPORT && !smp_patience_over(&p))
		;
	made[version] = true;
}

uint64_t ask_send(struct ask *a)
{
	make_keys(a);
	memset(ask_report(), FILLER, REPORT_ROOM);
	memset(ask_manifest(), FILLER, MANIFEST_ROOM);
	memset(ask_certificates(), FILLER, CERTIFICATES_ROOM);
	memcpy((void *)a->at, &a->op, operation_size(a));
	return ask_call(a);
}

static bool filled(const uint8_t *p, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (p[i] != FILLER)
			return false;
	}
	return true;
}

bool ask_untouched(void)
{
	return filled(ask_report(), REPORT_ROOM) && filled(ask_manifest(), MANIFEST_ROOM) &&
	       filled(ask_certificates(), CERTIFICATES_ROOM);
}

/* What another SVSM leaves in the registers of a call that it refuses is not specified. */
void ask_refused(struct ask *a, uint64_t code, uint64_t also)
{
	CHECK_ANSWER(ask_send(a), code, also);
	CHECK_EQ(a->c.r9, R9_BEFORE);
	CHECK(ask_untouched());
	if (!scope_own())
		return;
	CHECK_EQ(a->c.rcx, a->at);
	CHECK_EQ(a->c.rdx, RDX_BEFORE);
	CHECK_EQ(a->c.r8, R8_BEFORE);
}

static uint32_t word(const uint8_t *p, unsigned at)
{
	uint32_t v;

	memcpy(&v, p + at, sizeof(v));
	return v;
}

bool ask_data_is(const struct ask *a, const void *nonce, size_t size)
{
	uint8_t digest[SHA512_SIZE];
	struct sha512 s;

	sha512_begin(&s);
	sha512_add(&s, nonce, size);
	sha512_add(&s, (const void *)a->op.op.manifest.gpa, MIN(a->c.rcx, (uint64_t)MANIFEST_ROOM));
	sha512_end(&s, digest);
	return memcmp((const uint8_t *)a->op.op.report.gpa + REPORT_DATA, digest, sizeof(digest)) ==
	       0;
}

void ask_check_answer(const struct ask *a)
{
	const uint8_t *report = (const uint8_t *)a->op.op.report.gpa;

	CHECK(a->c.rcx != 0 && a->c.rcx <= a->op.op.manifest.size);
	CHECK_LE(a->c.rdx, a->op.op.certificates.size);
	CHECK_EQ(a->c.r8, REPORT_SIZE);
	CHECK_EQ(a->c.r9, R9_BEFORE);
	CHECK_GE(word(report, 0), 2);
	CHECK_EQ(word(report, REPORT_VMPL), 0);
	CHECK_EQ(word(report, REPORT_ALGO), 1);
	CHECK(ask_data_is(a, (const void *)a->op.op.nonce.gpa, a->op.op.nonce.size));
}

void ask_succeeds(struct ask *a)
{
	REQUIRE_EQ(ask_send(a), SVSM_SUCCESS);
	ask_check_answer(a);
}
