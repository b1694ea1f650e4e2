/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The calling convention (58019, 5): which entries of VMPL0 are a call of the guest's, and what the
 * guest and the host see before, during and after it (fake.h).
 *
 * sources: tests/native/no_apic.c
 * sources: tests/native/fake.c svsm/mm/pagestate.c svsm/task/vmsa_registry.c
 * sources: svsm/platform/snp/vcpu_state.c svsm/task/vmsa_flush.c
 * sources: svsm/mm/guestpage.c svsm/protocols/dispatch.c svsm/protocols/buffer.c
 * sources: svsm/protocols/core.c svsm/protocols/mem_available.c svsm/protocols/core_memory.c
 * sources: svsm/protocols/core_vcpu.c
 */
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake.h"

#define QUERY SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL)

/* vCPU 0 as a guest leaves it that has called: QUERY_PROTOCOL of the core protocol. */
static struct vmsa *prepare_call(uint8_t pending)
{
	struct vmsa *v = fake_mem(VMSA(0));

	v->rax = QUERY;
	v->rcx = 1;
	v->guest_exit_code = 0x403; /* VMGEXIT */
	*(uint8_t *)fake_mem(CAA(0)) = pending;
	return v;
}

static void check_not_served(uint8_t pending)
{
	const struct vmsa *v = fake_mem(VMSA(0));

	CHECK_EQ(v->rax, QUERY);
	CHECK_EQ(v->rcx, 1);
	CHECK_EQ(v->efer, EFER_SVME);
	CHECK_EQ(*(uint8_t *)fake_mem(CAA(0)), pending);
}

TEST(nothing_is_served_unless_the_guest_called)
{
	fake_setup();
	prepare_call(0);
	svsm_request(&fake_cpus[0]);
	check_not_served(0);
	for (unsigned pending = 1; pending < 256; pending++) {
		/* HLT: the hypervisor made this up */
		prepare_call((uint8_t)pending)->guest_exit_code = 0x78;
		svsm_request(&fake_cpus[0]);
		check_not_served((uint8_t)pending);
	}
	prepare_call(1);
	fake_cpus[0].guest.vmsa = GPA_NONE;
	svsm_request(&fake_cpus[0]);
	check_not_served(1);
}

/* 58019, table 2: bytes 2 to 7 are reserved and need not be 0; they are not written either. */
TEST(reserved_bytes_of_the_area_mean_nothing)
{
	const struct vmsa *v = fake_mem(VMSA(0));
	uint8_t *area;

	fake_setup();
	prepare_call(1);
	area = fake_mem(CAA(0));
	memset(area + 2, 0xff, 6);
	svsm_request(&fake_cpus[0]);
	CHECK_EQ(v->rax, SVSM_SUCCESS);
	CHECK_EQ(v->rcx, 1ull << 32 | 1);
	for (unsigned i = 2; i < 8; i++)
		CHECK_EQ(area[i], 0xff);
}

/* 58019, table 4 */
TEST(a_reserved_call_pending_is_an_invalid_format)
{
	fake_setup();
	for (unsigned pending = 2; pending < 256; pending++) {
		struct vmsa *v = prepare_call((uint8_t)pending);

		check_context("call_pending %u", pending);
		svsm_request(&fake_cpus[0]);
		CHECK_EQ(v->rax, SVSM_ERR_INVALID_FORMAT);
		CHECK_EQ(v->rcx, 1);
		CHECK_EQ(v->efer, EFER_SVME);
		CHECK_EQ(*(uint8_t *)fake_mem(CAA(0)), 0);
	}
}

/* 58019, chapter 5: EFER.SVME = 0 keeps the host from running the caller, if it has not begun. */
TEST(a_vmsa_that_runs_elsewhere_is_not_served)
{
	fake_setup();
	prepare_call(1);
	CHECK(fake_enter(VMSA(0)));
	svsm_request(&fake_cpus[0]);
	check_not_served(1);
	CHECK(!fake_entry(gpa(VMSA(0)))->running); /* it was waited for */
	svsm_request(&fake_cpus[0]);
	CHECK_EQ(((struct vmsa *)fake_mem(VMSA(0)))->rax, SVSM_SUCCESS);
	CHECK_EQ(*(uint8_t *)fake_mem(CAA(0)), 0);
}

/* Whatever it answers: without it nobody knows whether the VMSA runs. */
TEST(without_the_barrier_nothing_is_served)
{
	fake_setup();
	for (unsigned eax = 1; eax <= PLATFORM_UNEXPECTED; eax++) {
		fake_fail_with = (enum platform_result)eax;
		fake_fail_barrier = 1;
		prepare_call(1);
		svsm_request(&fake_cpus[0]);
		check_not_served(1);
		CHECK_EQ(fake_fail_barrier, 0); /* it was asked for */
	}
}

TEST(who_did_not_call_is_not_waited_for)
{
	fake_setup();
	fake_barriers = 0;
	prepare_call(0);
	svsm_request(&fake_cpus[0]);
	prepare_call(1)->guest_exit_code = 0x78;
	svsm_request(&fake_cpus[0]);
	CHECK_EQ(fake_barriers, 0);
	prepare_call(1);
	svsm_request(&fake_cpus[0]);
	CHECK_EQ(fake_barriers, 1);
}

static unsigned looks;

/* A protocol that looks at its caller: what the guest and the host see while a call is served. */
static enum svsm_result look(struct svsm_call *call)
{
	looks++;
	CHECK_EQ(*(uint8_t *)fake_mem(CAA(0)), 1);
	CHECK_EQ(((struct vmsa *)fake_mem(VMSA(0)))->efer & EFER_SVME, 0);
	CHECK(!fake_enter(VMSA(0)));
	call->r9 = 77;
	return SVSM_ERR_BUSY;
}

SVSM_PROTOCOL(protocol_look) = {99, 1, 1, NULL, look};

TEST(call_pending_stands_and_svme_is_clear_while_a_call_is_served)
{
	struct vmsa *v = fake_mem(VMSA(0));

	fake_setup();
	looks = 0;
	CHECK_EQ(fake_raw_call(0, SVSM_CALL(99, 0), 5, 6, 7), SVSM_ERR_BUSY);
	CHECK_EQ(looks, 1);
	CHECK_EQ(v->rcx, 5);
	CHECK_EQ(v->rdx, 6);
	CHECK_EQ(v->r8, 7);
	CHECK_EQ(v->r9, 77);
}

/* 58019, 5: SVME = 0 before anything else; RAX and the rest, then CALL_PENDING = 0, then SVME = 1.
 */
static bool svme(void)
{
	return ((struct vmsa *)fake_mem(VMSA(0)))->efer & EFER_SVME;
}

static bool rax_written, pending_cleared, svme_set;

static void check_order(gpa_t g, bool write)
{
	const struct vmsa *v = fake_mem(VMSA(0));

	check_context("%s of %#lx", write ? "write" : "read", (unsigned long)g.v);
	if (g.v == VMSA(0) + offsetof(struct vmsa, efer)) {
		svme_set |= write && svme();
		CHECK(!svme() || pending_cleared);
		return;
	}
	CHECK(!svme()); /* nothing before it is cleared, nothing after it is set */
	if (g.v >= VMSA(0) && g.v < VMSA(0) + PAGE_SIZE && write)
		CHECK(!pending_cleared); /* all results stand */
	rax_written |= write && g.v == VMSA(0) + offsetof(struct vmsa, rax);
	if (write && g.v == CAA(0) && !*(uint8_t *)fake_mem(CAA(0))) {
		CHECK(rax_written && v->rax == SVSM_SUCCESS && v->rcx == (1ull << 32 | 1));
		pending_cleared = true;
	}
}

TEST(every_access_of_a_call_has_its_place)
{
	fake_setup();
	rax_written = pending_cleared = svme_set = false;
	prepare_call(1);
	fake_watch = check_order;
	svsm_request(&fake_cpus[0]);
	fake_watch = NULL;
	CHECK(rax_written && pending_cleared && svme_set);
}

TEST(unknown_protocols_and_calls)
{
	fake_setup();
	CHECK_EQ(fake_raw_call(0, SVSM_CALL(98, 0), 0, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
	CHECK_EQ(fake_raw_call(0, ~0ull, 0, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
	CHECK_EQ(fake_call(0, 8, 0, 0, 0), SVSM_ERR_UNSUPPORTED_CALL);
	CHECK_EQ(fake_call(0, 0xffffffff, 0, 0, 0), SVSM_ERR_UNSUPPORTED_CALL);
}
