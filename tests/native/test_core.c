/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The core protocol from the guest's side: calls go in through VMSA and calling area, as a vCPU's
 * do. The hardware is a small RMP that also says when the SVSM does what no SVSM should.
 *
 * sources: svsm/kernel/pagestate.c svsm/kernel/vmsa_registry.c svsm/kernel/guestpage.c
 * sources: svsm/protocols/dispatch.c svsm/protocols/buffer.c svsm/protocols/core.c
 * sources: svsm/protocols/core_memory.c svsm/protocols/core_vcpu.c
 * libs: -lpthread
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "abi/svsm.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "check.h"
#include "kernel/guest_mem.h"
#include "kernel/guestpage.h"
#include "kernel/log.h"
#include "kernel/pagestate.h"
#include "kernel/percpu.h"
#include "protocols/core.h"

#define BASE     0x10000000ull
#define PAGES    4096u /* 16 MiB, of which the first 2 MiB are the SVSM's */
#define CPUS     2u
#define GUEST    (BASE + SIZE_2M)
#define AT(n)    (GUEST + (uint64_t)(n)*PAGE_SIZE) /* n-th guest page */
#define VMSA(c)  AT(500 + (c))
#define CAA(c)   AT(504 + (c))
#define LIST(c)  AT(508 + (c))
#define FEATURES SEV_FEAT_SNP_ACTIVE

/* ---- the machine ---- */

struct rmp {
	bool validated, vmsa, big, running;
	uint8_t perms[VMPL_COUNT];
};

static struct rmp rmp[PAGES];
static uint8_t ram[PAGES * PAGE_SIZE];
static uint8_t states[PAGES];
static struct cpu cpus[2 * CPUS];      /* the second half runs nothing: for CREATE_VCPU */
static int fail_adjust, fail_validate; /* the n-th call from now fails; 0: none */
static unsigned hardware_calls;
static struct spinlock hardware_lock; /* the real RMP has one for each entry */

static bool countdown(int *n)
{
	return *n && --*n == 0;
}

static struct rmp *entry(gpa_t g)
{
	return &rmp[(g.v - BASE) / PAGE_SIZE];
}

static void smash(gpa_t g)
{
	struct rmp *e = entry(gpa(g.v & ~MASK_2M));

	for (unsigned i = 0; i < PFNS_2M; i++)
		e[i].big = false;
}

static enum platform_result size_check(gpa_t g, enum platform_size size)
{
	if (size == PLATFORM_2M && !entry(g)->big)
		return PLATFORM_SIZEMISMATCH;
	if (size == PLATFORM_4K && entry(g)->big)
		smash(g); /* the hypervisor's answer to the fault */
	return PLATFORM_OK;
}

static enum platform_result do_validate(gpa_t g, enum platform_size size, bool valid)
{
	enum platform_result r = size_check(g, size);
	unsigned n = size == PLATFORM_2M ? PFNS_2M : 1;

	hardware_calls++;
	if (countdown(&fail_validate))
		return PLATFORM_REFUSED;
	if (r != PLATFORM_OK)
		return r;
	if (entry(g)->validated == valid)
		return PLATFORM_NO_CHANGE;
	for (unsigned i = 0; i < n; i++) {
		struct rmp *e = entry(gpa_add(g, i * PAGE_SIZE));

		CHECK(!e->vmsa && !e->perms[1] && !e->perms[3]);
		CHECK(valid || !e->perms[2]); /* revoked before rescinded */
		e->validated = valid;
	}
	return PLATFORM_OK;
}

static enum platform_result fake_validate(gpa_t g, enum platform_size size, bool valid)
{
	enum platform_result r;

	spin_lock(&hardware_lock);
	r = do_validate(g, size, valid);
	spin_unlock(&hardware_lock);
	return r;
}

static enum platform_result do_adjust(gpa_t g, enum platform_size size, unsigned vmpl,
				      uint8_t perms, bool vmsa)
{
	enum platform_result r = size_check(g, size);
	unsigned n = size == PLATFORM_2M ? PFNS_2M : 1;

	hardware_calls++;
	if (countdown(&fail_adjust))
		return PLATFORM_REFUSED;
	if (r != PLATFORM_OK)
		return r;
	if (entry(g)->running)
		return PLATFORM_INUSE;
	for (unsigned i = 0; i < n; i++) {
		struct rmp *e = entry(gpa_add(g, i * PAGE_SIZE));

		CHECK(e->validated);
		CHECK(!vmsa || perms == RMP_R); /* never writable */
		e->perms[vmpl] = perms;
		e->vmsa = vmsa;
	}
	return PLATFORM_OK;
}

static enum platform_result fake_adjust(gpa_t g, enum platform_size size, unsigned vmpl,
					uint8_t perms, bool vmsa)
{
	enum platform_result r;

	spin_lock(&hardware_lock);
	r = do_adjust(g, size, vmpl, perms, vmsa);
	spin_unlock(&hardware_lock);
	return r;
}

static uint64_t fake_features(void)
{
	return FEATURES;
}

static const struct platform_ops fake = {.name = "fake",
					 .validate = fake_validate,
					 .adjust = fake_adjust,
					 .sev_features = fake_features};
const struct platform_ops *platform = &fake;

/* Guest memory as VMPL0 sees it: only what is validated. */
static uint8_t *reach(gpa_t g, size_t len)
{
	if (g.v < GUEST || len > sizeof(ram) || g.v - BASE > sizeof(ram) - len)
		return NULL;
	for (uint64_t a = g.v & ~PAGE_MASK; a < g.v + len; a += PAGE_SIZE) {
		if (!entry(gpa(a))->validated)
			return NULL;
	}
	return &ram[g.v - BASE];
}

bool guest_copy_in(void *dst, gpa_t src, size_t len)
{
	uint8_t *p = reach(src, len);

	if (p)
		memcpy(dst, p, len);
	return p != NULL;
}

bool guest_copy_out(gpa_t dst, const void *src, size_t len)
{
	uint8_t *p = reach(dst, len);

	if (p)
		memcpy(p, src, len);
	return p != NULL;
}

bool guest_zero(gpa_t dst, size_t len)
{
	uint8_t *p = reach(dst, len);

	if (p)
		memset(p, 0, len);
	return p != NULL;
}

bool guest_read8(gpa_t g, uint8_t *v)
{
	return guest_copy_in(v, g, sizeof(*v));
}

bool guest_read64(gpa_t g, uint64_t *v)
{
	return guest_copy_in(v, g, sizeof(*v));
}

bool guest_write8(gpa_t g, uint8_t v)
{
	return guest_copy_out(g, &v, sizeof(v));
}

bool guest_write64(gpa_t g, uint64_t v)
{
	return guest_copy_out(g, &v, sizeof(v));
}

struct cpu *percpu_by_apic_id(uint32_t apic_id)
{
	return apic_id >= 1 && apic_id <= 2 * CPUS ? &cpus[apic_id - 1] : NULL;
}

void log_guest(const char *fmt, ...)
{
	(void)fmt;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

/* ---- the guest ---- */

static void *mem(uint64_t g)
{
	return &ram[g - BASE];
}

static void write_vmsa(uint64_t g)
{
	struct vmsa *v = mem(g);

	memset(v, 0, sizeof(*v));
	v->vmpl = VMPL_GUEST;
	v->efer = EFER_SVME;
	v->sev_features = FEATURES;
}

static void start_cpu(unsigned i)
{
	cpus[i] = (struct cpu){.index = i, .apic_id = i + 1, .guest = {.vmsa = GPA_NONE}};
	write_vmsa(VMSA(i));
	CHECK_EQ(guestpage_seal(gpa(VMSA(i))), PLATFORM_OK);
	CHECK_EQ(guestpage_make_vmsa(gpa(VMSA(i))), PLATFORM_OK);
	pagestate_set(gpa(CAA(i)), PAGE_CAA);
	CHECK(vmsa_registry_add(&cpus[i], gpa(VMSA(i)), gpa(CAA(i)), VMPL_GUEST));
}

/* RAM as a launch leaves it: first guest region 4K and valid, the others 2M and not. */
static void setup(void)
{
	memset(rmp, 0, sizeof(rmp));
	memset(ram, 0xaa, sizeof(ram));
	fail_adjust = fail_validate = 0;
	pagestate_reset();
	vmsa_registry_reset();
	CHECK(pagestate_add(gpa(BASE), sizeof(ram), states));
	pagestate_mark(gpa(BASE), SIZE_2M, PAGE_SVSM);
	for (unsigned i = 0; i < PAGES; i++) {
		rmp[i].validated = i < 2 * PFNS_2M;
		rmp[i].big = i >= 2 * PFNS_2M;
		rmp[i].perms[2] = i / PFNS_2M == 1 ? RMP_RWX : 0;
	}
	pagestate_mark(gpa(GUEST), SIZE_2M, PAGE_VALID);
	for (unsigned i = 0; i < CPUS; i++)
		start_cpu(i);
	for (unsigned i = CPUS; i < 2 * CPUS; i++)
		cpus[i] = (struct cpu){.index = i, .apic_id = i + 1, .guest = {.vmsa = GPA_NONE}};
}

static uint64_t raw_call(unsigned cpu, uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	struct vmsa *v = mem(VMSA(cpu));

	v->guest_exit_code = 0x403;
	v->rax = rax;
	v->rcx = rcx;
	v->rdx = rdx;
	v->r8 = r8;
	*(uint8_t *)mem(cpus[cpu].guest.caa.v) = 1;
	svsm_request(&cpus[cpu]);
	CHECK_EQ(*(uint8_t *)mem(cpus[cpu].guest.caa.v), 0);
	CHECK(v->efer & EFER_SVME);
	return v->rax;
}

static uint64_t core(unsigned cpu, uint32_t call, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	return raw_call(cpu, SVSM_CALL(SVSM_PROTO_CORE, call), rcx, rdx, r8);
}

#define OP_VALIDATE SVSM_PVALIDATE_ACTION
#define OP_RESCIND  0
#define OP_2M       1

static void write_list(uint64_t at, const uint64_t *entries, uint16_t n)
{
	struct svsm_pvalidate_list *l = mem(at);

	l->count = n;
	l->next = 0;
	memcpy(l->entry, entries, n * sizeof(*entries));
}

static uint64_t list_call(unsigned cpu, uint32_t call, const uint64_t *entries, uint16_t n)
{
	write_list(LIST(cpu), entries, n);
	return core(cpu, call, LIST(cpu), 0, 0);
}

static uint16_t list_next(unsigned cpu)
{
	return ((struct svsm_pvalidate_list *)mem(LIST(cpu)))->next;
}

static uint64_t pvalidate(unsigned cpu, uint64_t e)
{
	return list_call(cpu, SVSM_CORE_PVALIDATE, &e, 1);
}

/* What the map says and what the hardware holds must agree, page by page. */
static void check_agreement(void)
{
	for (unsigned i = PFNS_2M; i < PAGES; i++) {
		const struct rmp *e = &rmp[i];

		check_context("guest page %u, state %u", i - PFNS_2M, states[i]);
		switch (states[i]) {
		case PAGE_INVALID:
			CHECK(!e->validated && !e->vmsa);
			break;
		case PAGE_VALID:
		case PAGE_CAA:
			CHECK(e->validated && e->perms[2] == RMP_RWX && !e->vmsa);
			break;
		case PAGE_VMSA:
			CHECK(e->validated && e->vmsa && e->perms[2] == RMP_R);
			break;
		case PAGE_DEPOSITED:
			CHECK(e->validated && !e->vmsa && !e->perms[2]);
			break;
		default:
			CHECK(states[i] == PAGE_BROKEN);
		}
	}
}

/* ---- tests ---- */

TEST(nothing_is_served_unless_the_guest_called)
{
	struct vmsa *v;

	setup();
	v = mem(VMSA(0));
	v->rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL);
	v->guest_exit_code = 0x403;
	for (unsigned pending = 0; pending < 256; pending += pending ? 1 : 2) {
		*(uint8_t *)mem(CAA(0)) = (uint8_t)pending;
		svsm_request(&cpus[0]);
		CHECK_EQ(v->rax, SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL));
		CHECK_EQ(*(uint8_t *)mem(CAA(0)), pending);
	}
	*(uint8_t *)mem(CAA(0)) = 1;
	v->guest_exit_code = 0x78; /* HLT: the hypervisor made this up */
	svsm_request(&cpus[0]);
	CHECK_EQ(*(uint8_t *)mem(CAA(0)), 1);
	cpus[0].guest.vmsa = GPA_NONE;
	svsm_request(&cpus[0]);
}

TEST(unknown_protocols_and_calls)
{
	setup();
	CHECK_EQ(raw_call(0, SVSM_CALL(99, 0), 0, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
	CHECK_EQ(raw_call(0, ~0ull, 0, 0, 0), SVSM_ERR_UNSUPPORTED_PROTOCOL);
	CHECK_EQ(core(0, 8, 0, 0, 0), SVSM_ERR_UNSUPPORTED_CALL);
	CHECK_EQ(core(0, 0xffffffff, 0, 0, 0), SVSM_ERR_UNSUPPORTED_CALL);
}

TEST(query_protocol_and_vtom)
{
	struct vmsa *v = mem(VMSA(0));

	setup();
	CHECK_EQ(core(0, SVSM_CORE_QUERY_PROTOCOL, 1, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(v->rcx, 1ull << 32 | 1);
	CHECK_EQ(core(0, SVSM_CORE_QUERY_PROTOCOL, 2, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(v->rcx, 0);
	CHECK_EQ(core(0, SVSM_CORE_QUERY_PROTOCOL, 77ull << 32 | 1, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(v->rcx, 0);
	CHECK_EQ(core(0, SVSM_CORE_CONFIGURE_VTOM, 1, 0, 0), SVSM_SUCCESS);
	CHECK_EQ(v->rcx, 0);
	CHECK_EQ(core(0, SVSM_CORE_CONFIGURE_VTOM, 0, 0, 0), SVSM_ERR_INVALID_REQUEST);
}

TEST(pvalidate_single_pages)
{
	uint64_t page = AT(512), other = AT(600);

	setup();
	CHECK_EQ(pvalidate(0, page | OP_VALIDATE), SVSM_SUCCESS);
	CHECK_EQ(list_next(0), 1);
	CHECK_EQ(*(uint64_t *)mem(page), 0); /* never the host's or the SVSM's old content */
	CHECK_EQ(pvalidate(0, page | OP_VALIDATE), SVSM_ERR_PVALIDATE_NO_CHANGE);
	CHECK_EQ(list_next(0), 0);
	memset(mem(page), 0x11, 8);
	CHECK_EQ(pvalidate(0, page | OP_VALIDATE | SVSM_PVALIDATE_IGNORE_CF), SVSM_SUCCESS);
	CHECK_EQ(*(uint64_t *)mem(page), 0x1111111111111111ull);
	CHECK_EQ(pvalidate(0, other | OP_RESCIND), SVSM_ERR_PVALIDATE_NO_CHANGE);
	CHECK_EQ(pvalidate(0, page | OP_RESCIND), SVSM_SUCCESS);
	CHECK_EQ(pvalidate(0, page | OP_RESCIND | SVSM_PVALIDATE_IGNORE_CF), SVSM_SUCCESS);
	check_agreement();
}

TEST(pvalidate_2m)
{
	uint64_t r = AT(1024);

	setup();
	CHECK_EQ(pvalidate(0, r | OP_2M | OP_VALIDATE), SVSM_SUCCESS);
	CHECK_EQ(pvalidate(0, r | OP_2M | OP_VALIDATE), SVSM_ERR_PVALIDATE_NO_CHANGE);
	CHECK_EQ(pvalidate(0, (r + PAGE_SIZE) | OP_RESCIND), SVSM_SUCCESS);
	CHECK_EQ(pvalidate(0, r | OP_2M | OP_RESCIND), SVSM_ERR_PVALIDATE_SIZEMISMATCH);
	CHECK_EQ(pvalidate(0, r | OP_2M | OP_VALIDATE), SVSM_ERR_PVALIDATE_SIZEMISMATCH);
	CHECK_EQ(pvalidate(0, (r + PAGE_SIZE) | OP_VALIDATE), SVSM_SUCCESS);
	/* all valid again, but the hardware has 4K entries now */
	CHECK_EQ(pvalidate(0, r | OP_2M | OP_RESCIND), SVSM_ERR_PVALIDATE_SIZEMISMATCH);
	CHECK_EQ(pvalidate(0, AT(0) | OP_2M | OP_RESCIND), SVSM_ERR_INVALID_ADDRESS);
	check_agreement();
}

TEST(pvalidate_refuses_bad_entries)
{
	const struct {
		uint64_t entry, rax;
	} t[] = {
		{AT(600) | 2, SVSM_ERR_INVALID_PARAMETER},
		{AT(600) | 3, SVSM_ERR_INVALID_PARAMETER},
		{AT(600) | 0x10, SVSM_ERR_INVALID_PARAMETER},
		{AT(600) | 0x800, SVSM_ERR_INVALID_PARAMETER},
		{AT(600) | OP_2M, SVSM_ERR_INVALID_PARAMETER},
		{BASE | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{BASE | OP_RESCIND | SVSM_PVALIDATE_IGNORE_CF, SVSM_ERR_INVALID_ADDRESS},
		{BASE | OP_2M, SVSM_ERR_INVALID_ADDRESS},
		{(BASE - PAGE_SIZE) | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{(BASE + sizeof(ram)) | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{~0xfffull | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{~0x1fffffull | OP_VALIDATE | OP_2M, SVSM_ERR_INVALID_ADDRESS},
		{0xfee00000 | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{VMSA(0) | OP_RESCIND, SVSM_ERR_INVALID_ADDRESS},
		{VMSA(1) | OP_VALIDATE, SVSM_ERR_INVALID_ADDRESS},
		{CAA(0) | OP_RESCIND, SVSM_ERR_INVALID_ADDRESS},
		{CAA(1) | OP_RESCIND, SVSM_ERR_INVALID_ADDRESS},
		{LIST(0) | OP_RESCIND, SVSM_ERR_INVALID_ADDRESS},
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		uint64_t list[] = {AT(520) | OP_VALIDATE, t[i].entry, AT(521) | OP_VALIDATE};

		setup();
		hardware_calls = 0;
		check_context("entry %#lx", (unsigned long)t[i].entry);
		CHECK_EQ(list_call(0, SVSM_CORE_PVALIDATE, list, 3), t[i].rax);
		CHECK_EQ(list_next(0), 1);
		CHECK_EQ(hardware_calls, 2); /* of the first entry only */
	}
	check_agreement();
}

TEST(pvalidate_checks_the_list)
{
	struct svsm_pvalidate_list *l;

	setup();
	l = mem(LIST(0));
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, LIST(0) + 4, 0, 0), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, BASE, 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, VMSA(0), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, AT(600), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, ~7ull, 0, 0), SVSM_ERR_INVALID_ADDRESS);
	l->count = 0;
	l->next = 0;
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, LIST(0), 0, 0), SVSM_ERR_INVALID_PARAMETER);
	l->count = 512;
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, LIST(0), 0, 0), SVSM_ERR_INVALID_PARAMETER);
	l->count = l->next = 3;
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, LIST(0), 0, 0), SVSM_ERR_INVALID_PARAMETER);
	l = mem(LIST(0) + 0xff0);
	*(uint64_t *)mem(LIST(0) + 0xff8) = AT(600) | OP_VALIDATE;
	l->count = 1;
	l->next = 0;
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, LIST(0) + 0xff0, 0, 0), SVSM_SUCCESS);
	l->count = 2;
	l->next = 0;
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, LIST(0) + 0xff0, 0, 0), SVSM_ERR_INVALID_PARAMETER);
	l = mem(LIST(0) + 0xff8);
	l->count = 1;
	CHECK_EQ(core(0, SVSM_CORE_PVALIDATE, LIST(0) + 0xff8, 0, 0), SVSM_ERR_INVALID_PARAMETER);
}

TEST(a_long_list_comes_back_incomplete_and_goes_on)
{
	static uint64_t list[510];
	unsigned calls = 1;
	uint64_t rax;

	setup();
	for (unsigned i = 0; i < 510; i++)
		list[i] = AT(512 + i) | OP_VALIDATE;
	for (rax = list_call(0, SVSM_CORE_PVALIDATE, list, 510); rax == SVSM_ERR_INCOMPLETE;
	     calls++)
		rax = core(0, SVSM_CORE_PVALIDATE, LIST(0), 0, 0);
	CHECK_EQ(rax, SVSM_SUCCESS);
	CHECK_EQ(list_next(0), 510);
	CHECK(calls > 1 && calls < 10);
	check_agreement();
}

TEST(a_failure_half_way_is_undone)
{
	for (int n = 1; n <= 2; n++) {
		setup();
		fail_adjust = n == 1;
		fail_validate = n == 2;
		CHECK_EQ(pvalidate(0, AT(600) | OP_VALIDATE), SVSM_ERR_PROTOCOL_BASE + 1);
		CHECK_EQ(states[600 + PFNS_2M], PAGE_INVALID);
		check_agreement();
		fail_adjust = n == 1;
		fail_validate = n == 2;
		CHECK_EQ(pvalidate(0, AT(9) | OP_RESCIND), SVSM_ERR_PROTOCOL_BASE + 1);
		CHECK_EQ(states[9 + PFNS_2M], PAGE_VALID);
		check_agreement();
		CHECK_EQ(pvalidate(0, AT(600) | OP_VALIDATE), SVSM_SUCCESS);
	}
}

TEST(remap_ca)
{
	uint8_t *area;

	setup();
	area = mem(AT(3));
	area[0] = 1;
	CHECK_EQ(core(0, SVSM_CORE_REMAP_CA, AT(3), 0, 0), SVSM_SUCCESS);
	CHECK_EQ(cpus[0].guest.caa.v, AT(3));
	CHECK_EQ(*(uint8_t *)mem(CAA(0)), 0); /* Linux looks at the old one */
	CHECK_EQ(pvalidate(0, AT(3) | OP_RESCIND), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(pvalidate(0, CAA(0) | OP_RESCIND), SVSM_SUCCESS);
	CHECK_EQ(core(0, SVSM_CORE_REMAP_CA, AT(3), 0, 0), SVSM_SUCCESS); /* the same again */
	CHECK_EQ(core(0, SVSM_CORE_REMAP_CA, AT(3) + 8, 0, 0), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(core(0, SVSM_CORE_REMAP_CA, BASE, 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(core(0, SVSM_CORE_REMAP_CA, AT(600), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(core(0, SVSM_CORE_REMAP_CA, VMSA(1), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(core(0, SVSM_CORE_REMAP_CA, CAA(1), 0, 0), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(core(0, SVSM_CORE_REMAP_CA, ~PAGE_MASK, 0, 0), SVSM_ERR_INVALID_ADDRESS);
	check_agreement();
}

static uint64_t create(uint64_t vmsa, uint64_t caa, uint64_t apic_id)
{
	return core(0, SVSM_CORE_CREATE_VCPU, vmsa, caa, apic_id);
}

TEST(create_and_delete_vcpu)
{
	setup();
	write_vmsa(AT(20));
	/* as Linux does when a CPU comes back: same calling area, new VMSA, then the old one goes
	 */
	CHECK_EQ(create(AT(20), CAA(1), 2), SVSM_SUCCESS);
	CHECK_EQ(cpus[1].guest.vmsa.v, AT(20));
	CHECK_EQ(core(0, SVSM_CORE_DELETE_VCPU, VMSA(1), 0, 0), SVSM_SUCCESS);
	CHECK_EQ(states[504 + 1 + PFNS_2M], PAGE_CAA);
	CHECK_EQ(cpus[1].guest.vmsa.v, AT(20));
	CHECK_EQ(pvalidate(0, AT(20) | OP_RESCIND), SVSM_ERR_INVALID_ADDRESS);
	entry(gpa(AT(20)))->running = true;
	CHECK_EQ(core(0, SVSM_CORE_DELETE_VCPU, AT(20), 0, 0), SVSM_ERR_PROTOCOL_BASE + 3);
	entry(gpa(AT(20)))->running = false;
	CHECK_EQ(core(0, SVSM_CORE_DELETE_VCPU, AT(20), 0, 0), SVSM_SUCCESS);
	CHECK(gpa_eq(cpus[1].guest.vmsa, GPA_NONE));
	CHECK_EQ(states[504 + 1 + PFNS_2M], PAGE_VALID);
	CHECK_EQ(core(0, SVSM_CORE_DELETE_VCPU, AT(20), 0, 0), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(core(0, SVSM_CORE_DELETE_VCPU, VMSA(0), 0, 0), SVSM_ERR_PROTOCOL_BASE + 3);
	CHECK_EQ(core(0, SVSM_CORE_DELETE_VCPU, AT(20) + 1, 0, 0), SVSM_ERR_INVALID_PARAMETER);
	check_agreement();
}

TEST(create_vcpu_refuses)
{
	struct vmsa *v;

	setup();
	v = mem(AT(20));
	write_vmsa(AT(20));
	CHECK_EQ(create(AT(20) + 8, AT(21), 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(AT(20), AT(21) + 8, 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(AT(20), AT(20), 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(AT(20), AT(21), 5), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(create(AT(20), AT(21), 1ull << 32 | 2), SVSM_ERR_INVALID_PARAMETER);
	CHECK_EQ(create(BASE, AT(21), 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(AT(20), BASE, 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(AT(600), AT(21), 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(AT(20), AT(600), 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(VMSA(1), AT(21), 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(CAA(1), AT(21), 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(AT(20), VMSA(1), 2), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(create(AT(20), CAA(0), 2), SVSM_ERR_INVALID_ADDRESS);
	v->vmpl = 0;
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_INVALID_PARAMETER);
	v->vmpl = 3;
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_INVALID_PARAMETER);
	write_vmsa(AT(20));
	v->efer = 0;
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_INVALID_PARAMETER);
	write_vmsa(AT(20));
	v->sev_features |= SEV_FEAT_VTOM;
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_INVALID_PARAMETER);
	check_agreement();
	write_vmsa(AT(20));
	for (int n = 1; n <= 3; n++) { /* each RMPADJUST in turn */
		fail_adjust = n;
		CHECK_EQ(create(AT(20), AT(21), 2), SVSM_ERR_PROTOCOL_BASE + 1);
		check_agreement();
	}
	CHECK_EQ(create(AT(20), AT(21), 2), SVSM_SUCCESS);
	check_agreement();
}

TEST(deposit_and_withdraw)
{
	uint64_t list[] = {AT(30), AT(31), AT(600)};
	struct svsm_mem_list *out;

	setup();
	out = mem(LIST(0));
	CHECK_EQ(list_call(0, SVSM_CORE_DEPOSIT_MEM, list, 3), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(list_next(0), 2);
	CHECK_EQ(((uint8_t *)mem(CAA(0)))[1], 1);
	CHECK_EQ(pvalidate(0, AT(30) | OP_RESCIND), SVSM_ERR_INVALID_ADDRESS);
	list[0] |= 4;
	CHECK_EQ(list_call(0, SVSM_CORE_DEPOSIT_MEM, list, 1), SVSM_ERR_INVALID_PARAMETER);
	list[0] = LIST(0);
	CHECK_EQ(list_call(0, SVSM_CORE_DEPOSIT_MEM, list, 1), SVSM_ERR_INVALID_ADDRESS);
	list[0] = VMSA(0);
	CHECK_EQ(list_call(0, SVSM_CORE_DEPOSIT_MEM, list, 1), SVSM_ERR_INVALID_ADDRESS);
	check_agreement();
	CHECK_EQ(list_call(0, SVSM_CORE_WITHDRAW_MEM, list, 3), SVSM_SUCCESS);
	CHECK_EQ(out->count, 2);
	CHECK_EQ(out->entry[0], AT(30));
	CHECK_EQ(out->entry[1], AT(31));
	CHECK_EQ(*(uint64_t *)mem(AT(30)), 0);
	CHECK_EQ(((uint8_t *)mem(CAA(0)))[1], 0);
	CHECK_EQ(list_call(0, SVSM_CORE_WITHDRAW_MEM, list, 3), SVSM_SUCCESS);
	CHECK_EQ(out->count, 0);
	check_agreement();
}

/* ---- random sequences against a model that knows three states ---- */

enum {
	M_INVALID,
	M_VALID,
	M_PINNED
};

static uint64_t expect(uint8_t *m, uint64_t e)
{
	unsigned first = (unsigned)((e >> PAGE_SHIFT) - (GUEST >> PAGE_SHIFT));
	unsigned n = e & OP_2M ? PFNS_2M : 1, have[3] = {0};
	bool v = e & OP_VALIDATE;

	for (unsigned i = 0; i < n; i++)
		have[m[first + i]]++;
	if (have[M_PINNED])
		return SVSM_ERR_INVALID_ADDRESS;
	if (have[v ? M_VALID : M_INVALID] == n)
		return e & SVSM_PVALIDATE_IGNORE_CF ? SVSM_SUCCESS : SVSM_ERR_PVALIDATE_NO_CHANGE;
	if (have[v ? M_INVALID : M_VALID] != n || (n > 1 && !rmp[first + PFNS_2M].big))
		return SVSM_ERR_PVALIDATE_SIZEMISMATCH;
	for (unsigned i = 0; i < n; i++)
		m[first + i] = v;
	return SVSM_SUCCESS;
}

TEST(random_sequences_match_the_model)
{
	static uint8_t model[PAGES];
	uint32_t seed = 12345;

	setup();
	memset(model, M_INVALID, sizeof(model));
	memset(model, M_VALID, PFNS_2M);
	for (unsigned c = 0; c < CPUS; c++)
		model[500 + c] = model[504 + c] = model[508 + c] = M_PINNED;
	for (unsigned i = 0; i < 4000; i++) {
		uint32_t r = check_random(&seed);
		bool big = (r & 7) == 0;
		uint64_t e =
			big ? AT((r >> 8) % 6 * PFNS_2M) | OP_2M : AT((r >> 8) % (6 * PFNS_2M));
		uint64_t want;

		e |= (r >> 3 & 1 ? OP_VALIDATE : 0) | (r >> 4 & 1 ? SVSM_PVALIDATE_IGNORE_CF : 0);
		if ((e & ~PAGE_MASK) == LIST(0) || (e & ~PAGE_MASK) == LIST(1))
			continue; /* these are valid pages: the caller's own list is tested above */
		want = expect(model, e);
		check_context("step %u entry %#lx", i, (unsigned long)e);
		if (!CHECK_EQ(pvalidate(r >> 5 & 1, e), want))
			return;
	}
	check_agreement();
}

/* ---- two vCPUs at once, on the same few pages ---- */

static unsigned created;

/* The guest may write a page while it has it: exactly like that. */
static void prepare_vmsa(uint64_t page)
{
	spin_lock(&hardware_lock);
	if (entry(gpa(page))->validated && entry(gpa(page))->perms[2])
		write_vmsa(page);
	spin_unlock(&hardware_lock);
}

static void *racer(void *arg)
{
	unsigned cpu = (unsigned)(uintptr_t)arg;
	uint32_t seed = 77 + cpu;

	for (unsigned i = 0; i < 6000; i++) {
		uint32_t r = check_random(&seed);
		uint64_t page = AT(10 + (r >> 8) % 6), entry = page;

		switch (r % 7) {
		case 0:
		case 1:
			pvalidate(cpu, entry | OP_VALIDATE);
			break;
		case 2:
			pvalidate(cpu, entry | OP_RESCIND);
			break;
		case 3:
			prepare_vmsa(page);
			if (core(cpu, SVSM_CORE_CREATE_VCPU, page, AT(10 + (r >> 16) % 6),
				 3 + (r >> 20) % 2) == SVSM_SUCCESS)
				__atomic_fetch_add(&created, 1, __ATOMIC_RELAXED);
			break;
		case 4:
			core(cpu, SVSM_CORE_DELETE_VCPU, page, 0, 0);
			break;
		case 5:
			list_call(cpu, SVSM_CORE_DEPOSIT_MEM, &entry, 1);
			break;
		case 6:
			list_call(cpu, SVSM_CORE_WITHDRAW_MEM, &entry, 1);
			break;
		}
	}
	return NULL;
}

TEST(two_vcpus_race_on_the_same_pages)
{
	pthread_t t[CPUS];

	setup();
	for (unsigned p = 10; p < 16; p++)
		write_vmsa(AT(p));
	for (uintptr_t i = 0; i < CPUS; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, racer, (void *)i), 0);
	for (unsigned i = 0; i < CPUS; i++)
		pthread_join(t[i], NULL);
	CHECK(created > 10); /* else this test shows nothing */
	check_agreement();
}
