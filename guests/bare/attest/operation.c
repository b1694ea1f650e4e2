/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The operation itself: where it may lie, and what of it must be zero. 58019, tables 11 and 13. */
#include "bare/attest/ask.h"
#include "bare/lib/smp.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

struct zero_row {
	const char *name;
	unsigned at, size;
};

/* Each byte of each field, one bit of it: none is a field of something else. */
static void refuse_bytes(struct ask (*good)(void), const struct zero_row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < rows[i].size; k++) {
			struct ask a = good();

			test_case("%s, byte %u", rows[i].name, k);
			((uint8_t *)&a.op)[rows[i].at + k] = (uint8_t)BIT(k % 8);
			ask_refused(&a, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_PARAMETER);
		}
	}
}

static struct ask vtpm(void)
{
	return ask_vtpm(0);
}

TEST(zero, "operation-zero", "what must be zero is looked at, each byte of it",
     "svsm:7:operation svsm:7:single")
{
	static const struct zero_row rows[] = {{"behind the report's size", 0x0c, 4},
					       {"behind the nonce's size", 0x1a, 6},
					       {"behind the manifest's size", 0x2c, 4},
					       {"behind the certificates' size", 0x3c, 4},
					       {"behind the manifest's version", 0x54, 4}};
	struct ask a;

	refuse_bytes(ask_services, rows, ARRAY_LEN(rows) - 1);
	refuse_bytes(vtpm, rows, ARRAY_LEN(rows));
	a = ask_services();
	ask_succeeds(&a);
}

/* SERVICES has 0x40 bytes; what lies behind them is the caller's. */
TEST(behind, "operation-behind", "all services: what lies behind the operation means nothing",
     "svsm:7:operation")
{
	struct ask a = ask_services();

	memset((void *)a.at, 0xff, 0x80);
	ask_succeeds(&a);
}

static void at_page_end(struct ask *a, unsigned size)
{
	a->at = ask_page(PAGE_OPERATION + 1) - size;
	ask_succeeds(a);
	for (unsigned less = 8; less < size; less += 8) {
		test_case("%u bytes on the next page", less);
		a->at = ask_page(PAGE_OPERATION + 1) - size + less;
		ask_refused(a, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_PARAMETER);
	}
}

TEST(one_page, "operation-one-page", "it ends before the next multiple of 4 KiB",
     "svsm:7:operation svsm:7:single")
{
	struct ask a = ask_services(), b = ask_vtpm(0);

	at_page_end(&a, 0x40);
	at_page_end(&b, 0x58);
}

/* 58019 does not say that it is aligned, and implementations of it ask for 8 bytes or for nothing.
 */
TEST(alignment, "operation-alignment", "it may lie at any address of its page", "svsm:7:operation")
{
	static const unsigned offsets[] = {8, 0x48, 0x800, 1, 2, 4, 0x123};

	for (unsigned i = 0; i < ARRAY_LEN(offsets); i++) {
		struct ask a = ask_services();

		test_case("offset 0x%x", offsets[i]);
		a.at += offsets[i];
		if (CHECK_ANSWER(ask_send(&a), SVSM_SUCCESS,
				 offsets[i] % 8 ? SVSM_ERR_INVALID_PARAMETER : SVSM_SUCCESS) &&
		    a.c.rax == SVSM_SUCCESS)
			ask_check_answer(&a);
	}
}

/* snp_issue_svsm_attest_req() of Linux has it there, eight bytes behind the area's start. */
TEST(in_area, "operation-calling-area", "it may lie in the caller's own calling area",
     "svsm:7:calling-area")
{
	struct ask a = ask_services(), b = ask_vtpm(0);

	a.at = b.at = (uint64_t)percpu()->caa->buffer;
	ask_succeeds(&a);
	ask_succeeds(&b);
	test_case("at its end");
	b.at = (uint64_t)percpu()->caa + PAGE_SIZE - 0x58;
	ask_succeeds(&b);
}

/* RCX alone: nothing can be written there. Both calls. */
static void refuse_at(uint64_t gpa, bool svsm)
{
	for (unsigned call = 0; call < 2; call++) {
		struct ask a = call ? ask_vtpm(0) : ask_services();

		a.at = gpa;
		CHECK_ANSWER(ask_call(&a), SVSM_ERR_INVALID_ADDRESS,
			     svsm ? SVSM_ERR_INVALID_PARAMETER : SVSM_ERR_INVALID_ADDRESS);
		CHECK_EQ(a.c.r9, R9_BEFORE);
		if (scope_own())
			CHECK_EQ(a.c.rcx, gpa);
	}
}

TEST(bad, "operation-bad-address", "an operation that is not in the guest's memory is refused",
     "svsm:5:fault")
{
	struct ask a = ask_services();

	for (const struct bad_address *b = calls_bad_addresses(); b->name; b++) {
		test_case("%s", b->name);
		refuse_at(b->gpa, b->svsm);
	}
	test_case("not validated");
	refuse_at(calls_unvalidated(), false);
	test_case("the last bytes there are");
	a.at = ~0ull - 8;
	CHECK_ANSWER(ask_call(&a), SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_ADDRESS);
	test_case("afterwards");
	a = ask_services();
	ask_succeeds(&a);
}

TEST(duties, "operation-vmsa", "a VMSA holds no operation", "keelson:attest:duties")
{
	smp_start();
	refuse_at(smp_vmsa(), false);
	refuse_at(smp_vmsa() + 0x308, false);
}
