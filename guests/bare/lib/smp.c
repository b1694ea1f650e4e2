/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The second vCPU: its VMSA, its start and end, and rounds that both vCPUs begin together. */
#include "bare/lib/smp.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/percpu.h"
#include "bare/lib/snp.h"
#include "bare/lib/test_report.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "abi/vmsa.h"
#include "lib/string.h"
#include "lib/tsc.h"
#include "lib/vmsa.h"

#define STACK_SIZE     0x4000
#define TICKS_A_SECOND 4000000000ull /* at least: bounds may be long, never short */

/* The VMSA is the second page, so it never lies at a 2M boundary, which an erratum forbids. */
static uint8_t vmsa_pages[2][PAGE_SIZE] ALIGNED(8192);
static uint8_t caa_page[PAGE_SIZE] ALIGNED(4096);
static uint8_t stack[STACK_SIZE] ALIGNED(4096);

static bool running;
static uint32_t dead, meeting[2];
static struct {
	void (*fn)(void *arg);
	void *arg;
	uint32_t asked, done;
} mailbox;

uint64_t smp_ticks(unsigned seconds)
{
	return seconds * TICKS_A_SECOND;
}

struct patience smp_patience(unsigned seconds)
{
	return patience_begin(TICKS_A_SECOND / 1000, seconds * 1000ull, rdtsc());
}

bool smp_patience_over(struct patience *p)
{
	return patience_over(p, rdtsc());
}

bool smp_available(void)
{
	return vmpl_vcpus() > 1;
}

uint32_t smp_apic_id(void)
{
	return vmpl_apic_id(1);
}

uint64_t smp_vmsa(void)
{
	return (uint64_t)vmsa_pages[1];
}

uint64_t smp_caa(void)
{
	return (uint64_t)caa_page;
}

/* This vCPU cannot go on. smp_stop() makes its test fail. */
void smp_park_dead(void)
{
	WRITE_ONCE(dead, 1);
	for (;;)
		__asm__ volatile("hlt");
}

bool smp_dead(void)
{
	return READ_ONCE(dead);
}

/*
 * What the second vCPU runs: it waits for a function in the mailbox, calls it, and says that it is
 * done. The number in `asked` goes up with each, so none is run twice.
 */
static void serve(void *arg)
{
	(void)arg;
	ghcb_cpu_init();
	for (;;) {
		uint32_t n = __atomic_load_n(&mailbox.asked, __ATOMIC_ACQUIRE);

		if (n == mailbox.done) {
			cpu_relax();
			continue;
		}
		if (mailbox.fn)
			mailbox.fn(mailbox.arg);
		__atomic_store_n(&mailbox.done, n, __ATOMIC_RELEASE);
	}
}

/* One counter for all vCPUs. Without a VMSA to look at, it is what the machine gives where nobody
 * asks for another: scale 1.0 and no offset. */
static void fill_tsc(struct vmsa *v)
{
	const struct vmsa *first = vmpl_boot_vmsa();

	if (!(v->sev_features & SEV_FEAT_SECURE_TSC))
		return;
	v->tsc_scale = first ? first->tsc_scale : TSC_SCALE_ONE;
	v->tsc_offset = first ? first->tsc_offset : 0;
}

/*
 * Long mode with this vCPU's control registers and page tables, so that both see the same memory.
 */
void smp_fill_vmsa(struct vmsa *v, unsigned cpu, uint8_t vmpl, void (*fn)(void *arg), void *arg,
		   uint64_t stack_top)
{
	vmsa_reset(v);
	trap_fill_vmsa(v, cpu);
	v->vmpl = vmpl;
	v->efer = EFER_SVME | EFER_LME | EFER_LMA | EFER_NXE;
	v->cr0 = read_cr0();
	v->cr3 = read_cr3();
	v->cr4 = read_cr4();
	v->rip = (uint64_t)fn;
	v->rdi = (uint64_t)arg;
	v->rsp = stack_top - 8; /* as after a call */
	v->sev_features = snp_features();
	fill_tsc(v);
}

/*
 * Two steps: the page becomes a VMSA (the SVSM's or our own business), then the hypervisor is told
 * to run it. When it refuses, the VMSA is deleted again.
 */
static bool create(uint64_t features)
{
	uint64_t vmsa = smp_vmsa();
	struct vmsa *v = (struct vmsa *)vmsa;

	smp_fill_vmsa(v, 1, (uint8_t)vmpl_own, serve, NULL, (uint64_t)stack + STACK_SIZE);
	v->sev_features = features;
	if (!vmpl_vmsa_create(vmsa, (uint64_t)caa_page, smp_apic_id()))
		return false;
	if (ghcb_ap_create(smp_apic_id(), vmpl_own, GHCB_AP_CREATE, vmsa, features) == 0)
		return true;
	vmpl_vmsa_delete(vmsa);
	return false;
}

/*
 * Everything of an earlier second vCPU is cleared first. A test that needs a second vCPU is skipped
 * where there is none, and fails where it does not start.
 */
void smp_start_with(uint64_t features)
{
	memset(caa_page, 0, sizeof(caa_page));
	memset(&mailbox, 0, sizeof(mailbox));
	dead = meeting[0] = meeting[1] = 0;
	percpu_area[1] = (struct percpu){.index = 1, .apic_id = smp_apic_id()};
	if (vmpl_own != VMPL_SVSM)
		percpu_area[1].caa = (struct svsm_caa *)caa_page;
	ghcb_page(1);
	if (!smp_available())
		test_skip("needs two vCPUs");
	if (!create(features)) {
		CHECK_FAILED("no second vCPU could be created");
		test_abandon();
	}
	running = true;
	smp_run(NULL, NULL);
	if (!smp_wait(20)) {
		CHECK_FAILED("the second vCPU did not start");
		test_abandon();
	}
}

void smp_start(void)
{
	smp_start_with(snp_features());
}

/*
 * Has the hypervisor forget the second vCPU. A second vCPU that died of an exception fails the test
 * here.
 */
static void destroy(void)
{
	running = false;
	CHECK(!smp_dead());
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), vmpl_own, GHCB_AP_DESTROY, 0, 0), 0);
}

void smp_gone(void)
{
	destroy();
}

void smp_stop(void)
{
	if (!running)
		return;
	destroy();
	CHECK(vmpl_vmsa_delete(smp_vmsa()));
}

/*
 * Posts a function and does not wait for it. The release makes fn and arg visible before the
 * number.
 */
void smp_run(void (*fn)(void *arg), void *arg)
{
	mailbox.fn = fn;
	mailbox.arg = arg;
	__atomic_store_n(&mailbox.asked, mailbox.asked + 1, __ATOMIC_RELEASE);
}

bool smp_wait(unsigned seconds)
{
	struct patience p = smp_patience(seconds);

	while (__atomic_load_n(&mailbox.done, __ATOMIC_ACQUIRE) != mailbox.asked) {
		if (smp_dead() || smp_patience_over(&p))
			return false;
		cpu_relax();
	}
	return true;
}

/*
 * Each vCPU counts its own arrivals, and waits until the other has counted as many. A dead vCPU
 * never comes, so nobody waits for it.
 */
void smp_meet(void)
{
	unsigned me = percpu_index();
	uint32_t n = __atomic_add_fetch(&meeting[me], 1, __ATOMIC_ACQ_REL);

	while ((int32_t)(__atomic_load_n(&meeting[!me], __ATOMIC_ACQUIRE) - n) < 0 && !smp_dead())
		cpu_relax();
}

static struct {
	unsigned limit;
	struct patience time;
	volatile bool over;
	volatile unsigned done;
} race;

void smp_race(unsigned rounds, unsigned seconds)
{
	race.limit = rounds;
	race.time = smp_patience(seconds);
	race.time.limit /= 2; /* smp_patience is generous */
	race.done = 0;
}

/*
 * The boot vCPU decides for both whether there is another round. So both always run the same
 * number, and neither waits for a partner that has stopped.
 */
bool smp_round(unsigned i)
{
	bool more;

	if (percpu_index() == 0) {
		race.over = i >= race.limit || smp_patience_over(&race.time);
		if (!race.over)
			race.done = i + 1;
	}
	smp_meet();
	more = !race.over;
	smp_meet(); /* race.over is not written before both vCPUs have read it */
	return more;
}

unsigned smp_rounds(void)
{
	return race.done;
}
