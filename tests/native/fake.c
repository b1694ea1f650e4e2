/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* A machine of fakes for the core protocol: memory, an RMP of a few pages, VMSAs, calls. */
#include <stdarg.h>
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake.h"
#include "task/sched.h"
#include "base/x86.h"
#include "cpu/timer.h"
#include "platform/snp/vcpu_state.h"
#include "mm/guest_mem.h"
#include "mm/guestpage.h"
#include "log/log.h"

/* ---- the machine ---- */

struct fake_rmp fake_rmp[PAGES];
static uint8_t states[PAGES];
struct cpu fake_cpus[2 * CPUS];
int fake_fail_adjust, fake_fail_validate, fake_fail_barrier;
enum platform_result fake_fail_with;
bool fake_no_flush, fake_splits, fake_stuck, fake_reenters;
unsigned fake_stuck_until;
uint64_t fake_barrier_ticks, fake_khz;
static unsigned now; /* counts what takes rights away */
unsigned fake_hardware_calls, fake_barriers;
struct spinlock fake_lock;
bool fake_fail_on;
static uint8_t ram[PAGES * PAGE_SIZE] __attribute__((aligned(4096)));

/* What processors have loaded; VMSAs lie in different pages of AT(0..511). */
static struct vmsa loaded[PFNS_2M];

/* The copy that a processor runs with. It differs from the page while the SVSM changes the page. */
static struct vmsa *loaded_of(uint64_t vmsa)
{
	return &loaded[(vmsa - GUEST) / PAGE_SIZE];
}

/* VMRUN: refused without EFER.SVME. With PCPU_ID 0 it drops translations and takes an ID. */
bool fake_enter(uint64_t vmsa)
{
	struct fake_rmp *e = fake_entry(gpa(vmsa));
	struct vmsa *v = fake_mem(vmsa);
	/* Aligned, though the structure is packed: by its own name clang would call libatomic. */
	uint64_t *pcpu_id = (void *)((uint8_t *)v + offsetof(struct vmsa, pcpu_id)), none = 0;

	if (e->running || !e->vmsa || !(v->efer & EFER_SVME))
		return false;
	if (__atomic_compare_exchange_n(pcpu_id, &none, 1, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		e->flushed_at = now;
	*loaded_of(vmsa) = *v;
	e->running = true;
	return true;
}

/* All but PCPU_ID, which is not part of the state; others may write it. */
void fake_exit(uint64_t vmsa)
{
	const size_t id = offsetof(struct vmsa, pcpu_id), behind = id + sizeof(uint64_t);
	uint8_t *to = fake_mem(vmsa);
	const uint8_t *from = (const uint8_t *)loaded_of(vmsa);

	memcpy(to, from, id);
	memcpy(to + behind, from + behind, sizeof(struct vmsa) - behind);
	fake_entry(gpa(vmsa))->running = false;
}

/*
 * An instruction that finds the RMP entry in use is retried until the vCPU has exited. Here the
 * vCPU exits at once.
 */
static void out_of_use(gpa_t g)
{
	if (fake_entry(g)->running)
		fake_exit(g.v);
}

/* May a vCPU still use rights to e that are gone? */
static bool stale(const struct fake_rmp *e)
{
	for (unsigned i = 0; i < PAGES; i++) {
		const struct fake_rmp *v = &fake_rmp[i];
		const struct vmsa *content = (const void *)&ram[i * PAGE_SIZE];

		if (v->vmsa && v->flushed_at < e->revoked_at && (v->running || content->pcpu_id))
			return true;
	}
	return false;
}

/*
 * One of the injected failures: true for the n-th call from when a test set it, and for all later
 * ones with fake_fail_on.
 */
static bool countdown(int *n)
{
	if (!*n || --*n)
		return false;
	*n = fake_fail_on; /* the next one too */
	return true;
}

enum page_state fake_state(unsigned page)
{
	return pagestate_get(gpa(BASE + page * PAGE_SIZE));
}

struct fake_rmp *fake_entry(gpa_t g)
{
	return &fake_rmp[(g.v - BASE) / PAGE_SIZE];
}

/* PSMASH: a 2M entry becomes 512 of 4K. */
static void smash(gpa_t g)
{
	struct fake_rmp *e = fake_entry(gpa(g.v & ~MASK_2M));

	for (unsigned i = 0; i < PFNS_2M; i++)
		e[i].big = false;
}

/* A 2M instruction on 4K entries fails. A 4K one on a 2M entry faults, and the hypervisor splits
 * it. */
static enum platform_result size_check(gpa_t g, enum platform_size size)
{
	if (size == PLATFORM_2M && !fake_entry(g)->big)
		return PLATFORM_SIZEMISMATCH;
	if (size == PLATFORM_4K && fake_entry(g)->big)
		smash(g); /* the hypervisor's answer to the fault */
	return PLATFORM_OK;
}

/* PVALIDATE, and the point of the fake: the SVSM may do it only while no other VMPL has rights. */
static enum platform_result do_validate(gpa_t g, enum platform_size size, bool valid)
{
	enum platform_result r = size_check(g, size);
	unsigned n = size == PLATFORM_2M ? PFNS_2M : 1;

	fake_hardware_calls++;
	if (countdown(&fake_fail_validate))
		return fake_fail_with;
	if (r != PLATFORM_OK)
		return r;
	if (fake_entry(g)->validated == valid)
		return PLATFORM_NO_CHANGE;
	for (unsigned i = 0; i < n; i++) {
		struct fake_rmp *e = fake_entry(gpa_add(g, i * PAGE_SIZE));

		CHECK(!e->vmsa); /* 58019, 6.2: rights go before, and come after */
		CHECK(!e->perms[1] && !e->perms[2] && !e->perms[3]);
		e->validated = valid;
	}
	if (fake_splits)
		smash(g);
	return PLATFORM_OK;
}

static enum platform_result fake_validate(gpa_t g, enum platform_size size, bool valid)
{
	enum platform_result r;

	spin_lock(&fake_lock);
	r = do_validate(g, size, valid);
	spin_unlock(&fake_lock);
	return r;
}

/* An RMPADJUST of a VMSA that changes nothing. */
static bool is_barrier(gpa_t g, unsigned vmpl, uint8_t perms, bool vmsa)
{
	const struct fake_rmp *e = fake_entry(g);

	return vmsa && e->vmsa && e->perms[vmpl] == perms;
}

/* Mostly 1,000,000 ticks a second: half a second of a test is less than a millisecond. */
uint64_t timer_khz(void)
{
	return fake_khz;
}

/*
 * The RMPADJUST by which the SVSM waits until a VMSA is out of use. With fake_stuck it never is,
 * and the instruction answers FAIL_INUSE.
 */
static enum platform_result do_barrier(gpa_t g)
{
	uint64_t start = rdtsc();

	fake_barriers++;
	while (rdtsc() - start < fake_barrier_ticks)
		cpu_relax();
	if (countdown(&fake_fail_barrier))
		return fake_fail_with;
	if (fake_stuck && fake_entry(g)->running && fake_barriers != fake_stuck_until) {
		if (fake_reenters) {
			fake_exit(g.v);
			fake_enter(g.v);
		}
		return PLATFORM_INUSE;
	}
	out_of_use(g);
	return PLATFORM_OK;
}

/*
 * RMPADJUST. The CHECKs find a VMSA that the guest could write, by a right or by an old translation
 * of some vCPU.
 */
static enum platform_result do_adjust(gpa_t g, enum platform_size size, unsigned vmpl,
				      uint8_t perms, bool vmsa)
{
	enum platform_result r = size_check(g, size);
	unsigned n = size == PLATFORM_2M ? PFNS_2M : 1;

	fake_hardware_calls++;
	if (countdown(&fake_fail_adjust))
		return fake_fail_with;
	if (r != PLATFORM_OK)
		return r;
	out_of_use(g);
	for (unsigned i = 0; i < n; i++) {
		struct fake_rmp *e = fake_entry(gpa_add(g, i * PAGE_SIZE));

		CHECK(e->validated);
		CHECK(!vmsa || perms == RMP_R); /* never writable */
		CHECK(!vmsa || !stale(e));
		if (vmpl == VMPL_GUEST && (e->perms[vmpl] & ~perms))
			e->revoked_at = ++now;
		e->perms[vmpl] = perms;
		e->vmsa = vmsa;
	}
	return PLATFORM_OK;
}

static enum platform_result fake_adjust(gpa_t g, enum platform_size size, unsigned vmpl,
					uint8_t perms, bool vmsa)
{
	enum platform_result r;

	spin_lock(&fake_lock);
	r = is_barrier(g, vmpl, perms, vmsa) ? do_barrier(g)
					     : do_adjust(g, size, vmpl, perms, vmsa);
	spin_unlock(&fake_lock);
	return r;
}

static enum platform_result fake_accept(gpa_t g, enum platform_size size)
{
	return fake_validate(g, size, true);
}

static enum platform_result fake_release(gpa_t g, enum platform_size size)
{
	return fake_validate(g, size, false);
}

static enum platform_result fake_rights(gpa_t g, enum platform_size size, unsigned vmpl,
					uint8_t rights)
{
	return fake_adjust(g, size, vmpl, rights, false);
}

static enum platform_result fake_create(gpa_t g, unsigned vmpl)
{
	return fake_adjust(g, PLATFORM_4K, vmpl, RMP_R, true);
}

static enum platform_result fake_delete(gpa_t g, unsigned vmpl)
{
	return fake_adjust(g, PLATFORM_4K, vmpl, 0, false);
}

/*
 * INVLPGB and TLBSYNC: every vCPU drops its translations, unless the test says that the hypervisor
 * does not offer them.
 */
static enum platform_result fake_flush(void)
{
	if (fake_no_flush)
		return PLATFORM_UNSUPPORTED;
	spin_lock(&fake_lock);
	for (unsigned i = 0; i < PAGES; i++)
		fake_rmp[i].flushed_at = now;
	spin_unlock(&fake_lock);
	return PLATFORM_OK;
}

static const struct vcpu_ops fake_vcpu = {.features = vcpu_state_features,
					  .fits = vcpu_state_fits,
					  .prepare = vcpu_state_prepare,
					  .create = fake_create,
					  .remove = fake_delete,
					  .stop = vcpu_state_stop,
					  .stopped = vcpu_state_stopped,
					  .resume = vcpu_state_resume,
					  .called = vcpu_state_called,
					  .call_in = vcpu_state_call_in,
					  .call_out = vcpu_state_call_out,
					  .flush = vcpu_state_flush,
					  .flushed = vcpu_state_flushed};
static const struct platform_ops fake = {.name = "fake",
					 .page_accept = fake_accept,
					 .page_release = fake_release,
					 .guest_rights = fake_rights,
					 .guest_flush = fake_flush,
					 .vcpu = &fake_vcpu};
const struct platform_ops *platform = &fake;

/* Guest memory as VMPL0 sees it: only what is validated. */
void (*fake_watch)(gpa_t g, bool write);

static void watch(gpa_t g, bool write)
{
	if (fake_watch)
		fake_watch(g, write);
}

/* NULL as the SVSM's copy functions fail: outside guest RAM, or where a page is not validated. */
static uint8_t *reach(gpa_t g, size_t len)
{
	if (g.v < GUEST || len > sizeof(ram) || g.v - BASE > sizeof(ram) - len)
		return NULL;
	for (uint64_t a = g.v & ~PAGE_MASK; a < g.v + len; a += PAGE_SIZE) {
		if (!fake_entry(gpa(a))->validated)
			return NULL;
	}
	return &ram[g.v - BASE];
}

bool guest_copy_in(void *dst, gpa_t src, size_t len)
{
	uint8_t *p = reach(src, len);

	watch(src, false);
	if (p)
		memcpy(dst, p, len);
	return p != NULL;
}

bool guest_copy_out(gpa_t dst, const void *src, size_t len)
{
	uint8_t *p = reach(dst, len);

	if (p)
		memcpy(p, src, len);
	watch(dst, true);
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

bool guest_clear64(gpa_t g, uint64_t bits)
{
	uint8_t *p = reach(g, sizeof(bits));

	if (p)
		__atomic_and_fetch((uint64_t *)p, ~bits, __ATOMIC_SEQ_CST);
	watch(g, true);
	return p != NULL;
}

bool guest_set64(gpa_t g, uint64_t bits)
{
	uint8_t *p = reach(g, sizeof(bits));

	if (p)
		__atomic_or_fetch((uint64_t *)p, bits, __ATOMIC_SEQ_CST);
	watch(g, true);
	return p != NULL;
}

struct cpu *percpu_by_apic_id(uint32_t apic_id)
{
	return apic_id >= 1 && apic_id <= 2 * CPUS ? &fake_cpus[apic_id - 1] : NULL;
}

struct cpu *percpu_get(unsigned index)
{
	return index < 2 * CPUS ? &fake_cpus[index] : NULL;
}

unsigned fake_service_cpus;

unsigned percpu_guest_count(void)
{
	return CPUS;
}

unsigned percpu_count(void)
{
	return CPUS + fake_service_cpus;
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

void *fake_mem(uint64_t g)
{
	return &ram[g - BASE];
}

void fake_write_vmsa(uint64_t g)
{
	struct vmsa *v = fake_mem(g);

	memset(v, 0, sizeof(*v));
	v->vmpl = VMPL_GUEST;
	v->efer = EFER_SVME;
	v->sev_features = FEATURES;
}

/* A vCPU as the boot leaves it: sealed, flushed, made a VMSA, and registered. */
static void start_cpu(unsigned i)
{
	struct pages_locked held = pagestate_lock2(gpa(VMSA(i)), gpa(CAA(i)));

	fake_cpus[i] = (struct cpu){.index = i, .apic_id = i + 1, .guest = {.vmsa = GPA_NONE}};
	fake_write_vmsa(VMSA(i));
	CHECK_EQ(guestpage_seal(held, gpa(VMSA(i))), PLATFORM_OK);
	fake_flush();
	CHECK_EQ(guestpage_make_vmsa(gpa(VMSA(i))), PLATFORM_OK);
	pagestate_set(held, gpa(CAA(i)), PAGE_CAA);
	pagestate_unlock(held);
	CHECK(vmsa_registry_add(&fake_cpus[i], gpa(VMSA(i)), gpa(CAA(i)), VMPL_GUEST));
}

/*
 * Everything new before each test: the first 2M are the SVSM's, the next the guest's in valid 4K
 * pages, the rest not validated and in 2M entries.
 */
unsigned fake_guests[2 * CPUS];
void sched_guest(struct cpu *c)
{
	fake_guests[c - fake_cpus]++;
}

void fake_setup(void)
{
	memset(fake_guests, 0, sizeof(fake_guests));
	memset(fake_rmp, 0, sizeof(fake_rmp));
	memset(ram, 0xaa, sizeof(ram));
	fake_fail_adjust = fake_fail_validate = fake_fail_barrier = 0;
	fake_fail_with = PLATFORM_PERMISSION;
	fake_fail_on = false;
	fake_watch = NULL;
	fake_no_flush = fake_splits = fake_stuck = fake_reenters = false;
	fake_stuck_until = 0;
	fake_barrier_ticks = 0, fake_khz = 1000;
	pagestate_reset();
	vmsa_registry_reset();
	CHECK(pagestate_add(gpa(BASE), sizeof(ram), states));
	pagestate_mark(gpa(BASE), SIZE_2M, PAGE_SVSM);
	for (unsigned i = 0; i < PAGES; i++) {
		fake_rmp[i].validated = i < 2 * PFNS_2M;
		fake_rmp[i].big = i >= 2 * PFNS_2M;
		fake_rmp[i].perms[2] = i / PFNS_2M == 1 ? RMP_RWX : 0;
	}
	pagestate_mark(gpa(GUEST), SIZE_2M, PAGE_VALID);
	for (unsigned i = 0; i < CPUS; i++)
		start_cpu(i);
	vmsa_registry_set_startup(gpa(VMSA(0)), FEATURES);
	for (unsigned i = CPUS; i < 2 * CPUS; i++)
		fake_cpus[i] =
			(struct cpu){.index = i, .apic_id = i + 1, .guest = {.vmsa = GPA_NONE}};
}

/* The guest has run until its VMGEXIT. */
static void run(uint64_t vmsa)
{
	spin_lock(&fake_lock);
	if (fake_enter(vmsa))
		fake_exit(vmsa);
	spin_unlock(&fake_lock);
}

/*
 * A guest's call, from its last run to its result. A served call ends with call_pending clear and
 * with a VMSA that can run.
 */
uint64_t fake_raw_call(unsigned cpu, uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	struct vmsa *v = fake_mem(VMSA(cpu));

	run(VMSA(cpu));
	v->guest_exit_code = 0x403;
	v->rax = rax;
	v->rcx = rcx;
	v->rdx = rdx;
	v->r8 = r8;
	*(uint8_t *)fake_mem(fake_cpus[cpu].guest.caa.v) = 1;
	svsm_request(&fake_cpus[cpu]);
	CHECK_EQ(*(uint8_t *)fake_mem(fake_cpus[cpu].guest.caa.v), 0);
	CHECK(v->efer & EFER_SVME);
	return v->rax;
}

uint64_t fake_call(unsigned cpu, uint32_t call, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	return fake_raw_call(cpu, SVSM_CALL(SVSM_PROTO_CORE, call), rcx, rdx, r8);
}

void fake_write_list(uint64_t at, const uint64_t *entries, uint16_t n)
{
	struct svsm_pvalidate_list *l = fake_mem(at);

	l->count = n;
	l->next = 0;
	memcpy(l->entry, entries, n * sizeof(*entries));
}

uint64_t fake_list(unsigned cpu, uint32_t call, const uint64_t *entries, uint16_t n)
{
	fake_write_list(LIST(cpu), entries, n);
	return fake_call(cpu, call, LIST(cpu), 0, 0);
}

uint16_t fake_list_next(unsigned cpu)
{
	return ((struct svsm_pvalidate_list *)fake_mem(LIST(cpu)))->next;
}

uint64_t fake_pvalidate(unsigned cpu, uint64_t e)
{
	return fake_list(cpu, SVSM_CORE_PVALIDATE, &e, 1);
}

/*
 * After any sequence of calls, also failed ones, the map and the RMP must say the same of each
 * guest page: 58019, 6.2 to 6.6.
 */
void fake_check_agreement(void)
{
	for (unsigned i = PFNS_2M; i < PAGES; i++) {
		const struct fake_rmp *e = &fake_rmp[i];

		check_context("guest page %u, state %u", i - PFNS_2M, fake_state(i));
		switch (fake_state(i)) {
		case PAGE_INVALID:
			CHECK(!e->validated && !e->vmsa);
			CHECK(!e->perms[1] && !e->perms[2] && !e->perms[3]);
			break;
		case PAGE_VALID:
		case PAGE_CAA:
			CHECK(e->validated && e->perms[2] == RMP_RWX && !e->vmsa);
			CHECK(!e->perms[1] || e->perms[1] == RMP_RWX); /* the launch gave VMPL2's */
			break;
		case PAGE_VMSA:
			CHECK(e->validated && e->vmsa);
			CHECK(!e->perms[1] && e->perms[2] == RMP_R && !e->perms[3]);
			break;
		case PAGE_DEPOSITED:
			CHECK(e->validated && !e->vmsa);
			CHECK(!e->perms[1] && !e->perms[2] && !e->perms[3]);
			break;
		default:
			CHECK(fake_state(i) == PAGE_BROKEN);
		}
	}
}
