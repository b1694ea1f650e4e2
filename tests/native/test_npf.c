/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Nested page faults that are tried again: for how long, and what that depends on.
 *
 * sources: launch/machine/snp/npf.c tests/native/no_hostile.c
 */
#include "machine/snp/npf.h"
#include "base/x86.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/linear.h"
#include "machine/cpu/npt.h"
#include "machine/cpu/vmcb.h"
#include "machine/cpu/walk.h"
#include "machine/host/isr.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/snp/mmio_exit.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vc.h"
#include "tests/native/check.h"

#include <string.h>

#define G       0x5000ull
#define KHZ     1000ull
#define MOST    100000u /* tries, if nothing ends them */
#define GIVE_UP MACHINE_FAULT

/* ---- vCPU 0 faults at G; what the RMP says of it is the test's choice ---- */

static struct vcpu cpus[2];
struct vcpu *machine_vcpus[32] = {&cpus[0], &cpus[1]};
unsigned machine_vcpu_count = 2;
void rmp_lock(gpa_t g)
{
	(void)g;
}

void rmp_unlock(gpa_t g)
{
	(void)g;
}

static struct vmcb m;
static struct rmp_entry entry = {.state = RMP_GUEST};
static enum rmp_access access_is;
static uint64_t nap_ticks, changes;
static const char *why;

uint64_t host_tsc_khz(void)
{
	return KHZ;
}

static void pass(uint64_t ticks)
{
	uint64_t start = rdtsc();

	while (rdtsc() - start < ticks)
		cpu_relax();
}

void host_nap(uint64_t ticks)
{
	(void)ticks;
	pass(nap_ticks);
}

static bool held; /* the host does not run vCPU 1's thread */

/* It looks whether there is anything to do, and rests again: hv/run.c. */
void host_kick(unsigned cpu)
{
	CHECK_EQ(cpu, 2);
	cpus[1].rests += !held;
}

const struct rmp_entry *rmp_entry(gpa_t g)
{
	(void)g;
	return &entry;
}

enum rmp_access rmp_access_check(gpa_t g, uint8_t vmpl, bool is_private, uint8_t want)
{
	(void)g, (void)vmpl, (void)is_private, (void)want;
	return access_is;
}

uint64_t rmp_changes(void)
{
	return changes;
}

bool npt_fill(uint8_t vmpl, bool is_private, gpa_t g)
{
	(void)vmpl, (void)is_private, (void)g;
	return true;
}

static bool linked_private;

/* The nested table never gets what the access wants: another vCPU takes it back each time. */
uint8_t npt_rights(uint8_t vmpl, bool is_private, gpa_t g)
{
	(void)vmpl, (void)is_private, (void)g;
	return 0;
}

void npt_vtom_link(uint8_t vmpl, bool is_private, gpa_t g)
{
	(void)vmpl, (void)g;
	linked_private = is_private;
}

void npt_alias(uint8_t vmpl, bool is_private, gpa_t g, uint8_t rights)
{
	(void)vmpl, (void)is_private, (void)g, (void)rights;
}

bool guest_paged(const struct vmcb *vmcb)
{
	return vmcb->cr0 & CR0_PG;
}

bool linear_find(struct vcpu *v, gpa_t g, bool fetch, uint64_t *linear)
{
	(void)v, (void)g, (void)fetch, (void)linear;
	return false;
}

int vc_raise(struct vcpu *v, uint32_t error)
{
	(void)v, (void)error;
	return RESUME;
}

int mmio_access(struct vcpu *v, gpa_t g, bool is_private, bool write)
{
	(void)v, (void)g, (void)is_private, (void)write;
	return RESUME;
}

int event_shared(struct vcpu *v, gpa_t g)
{
	(void)v, (void)g;
	return MACHINE_SHARED;
}

int event_private(struct vcpu *v, gpa_t g)
{
	(void)v, (void)g;
	return MACHINE_PRIVATE;
}

int event_fault(struct vcpu *v, const char *reason, uint64_t at)
{
	(void)v, (void)at;
	why = reason;
	return GIVE_UP;
}

static void setup(enum rmp_access a)
{
	memset(cpus, 0, sizeof(cpus));
	memset(&m, 0, sizeof(m));
	cpus[1].index = 1;
	cpus[1].index = 1;
	held = false;
	cpus[0].vmpl = 2;
	cpus[0].ctx[2].vmcb = &m;
	m.cr0 = CR0_PG | CR0_PE;
	m.rip = 0x1000;
	m.exit_info2 = G | NPT_CBIT;
	access_is = a;
	nap_ticks = 0;
	why = "";
}

/* How often the access was tried before the run ended, MOST: it goes on. */
static unsigned tries(unsigned most)
{
	unsigned n = 0;

	while (n < most && npf_handle(&cpus[0]) != GIVE_UP)
		n++;
	return n;
}

/* Nobody else runs, so nobody can give the right: the user need not wait for the answer. */
TEST(an_access_without_the_right_ends_the_run_soon_when_nobody_can_change_that)
{
	uint64_t start = rdtsc();

	setup(RMP_ACCESS_VMPL);
	cpus[1].resting = true;
	nap_ticks = KHZ;
	CHECK(tries(MOST) < MOST);
	CHECK_STR(why, "nested page fault: no permission for this VMPL");
	CHECK(rdtsc() - start > 500 * KHZ);
}

/* What wakes it may have come already. */
TEST(a_vcpu_that_the_host_does_not_run_may_still_give_the_right)
{
	setup(RMP_ACCESS_VMPL);
	cpus[1].resting = true;
	held = true;
	nap_ticks = 50 * KHZ;
	CHECK_EQ(tries(100), 100); /* 5 s */
	held = false;
	CHECK(tries(40) < 40);
	CHECK_STR(why, "nested page fault: no permission for this VMPL");
}

/* Its halts do not answer for it: it has run since, so that half a second begins anew. */
TEST(a_vcpu_that_a_kick_has_woken_to_run_its_guest_does_not_rest)
{
	setup(RMP_ACCESS_VMPL);
	cpus[1].resting = true;
	held = true;
	nap_ticks = 50 * KHZ;
	CHECK_EQ(tries(20), 20);
	held = false;
	cpus[1].entered = rdtsc();
	CHECK_EQ(tries(5), 5);
	CHECK(tries(50) < 50);
}

/* The one that gives the right may be a thread that a loaded host does not run for some seconds. */
TEST(another_vcpu_that_runs_gets_seconds_to_give_the_right)
{
	setup(RMP_ACCESS_VMPL);
	nap_ticks = 50 * KHZ;
	CHECK_EQ(tries(100), 100); /* 5 s */
	CHECK(tries(MOST) < MOST);
	CHECK_STR(why, "nested page fault: no permission for this VMPL");
}

/* The TSC goes on while QEMU is stopped, and nobody could give the right meanwhile. */
TEST(a_pause_of_the_machine_ends_no_access)
{
	setup(RMP_ACCESS_VMPL);
	CHECK_EQ(tries(2), 2);
	pass(60000 * KHZ);
	CHECK_EQ(tries(2), 2);
}

TEST(a_change_of_the_rmp_begins_the_wait_anew)
{
	setup(RMP_ACCESS_VMPL);
	cpus[1].resting = true;
	nap_ticks = 50 * KHZ;
	for (unsigned i = 0; i < 10; i++, changes++)
		CHECK_EQ(tries(6), 6);
}

/* Two vCPUs may take a page from each other more than a thousand times in a row. */
TEST(the_same_fault_again_and_again_is_no_reason_to_end_at_once)
{
	setup(RMP_ACCESS_OK);
	CHECK_EQ(tries(5000), 5000);
}

TEST(the_same_fault_for_long_ends_the_run)
{
	uint64_t start = rdtsc();

	setup(RMP_ACCESS_OK);
	while (npf_handle(&cpus[0]) != GIVE_UP)
		if (!CHECK(rdtsc() - start < 600000 * KHZ))
			return;
	CHECK_STR(why, "nested page fault without progress");
}

/* APM vol. 2, 15.36.8: the address alone says what is private, and no bit of it is the C-bit. */
TEST(below_a_virtual_tom_all_is_private)
{
	setup(RMP_ACCESS_NOT_VALIDATED);
	cpus[0].ctx[2].vtom = SIZE_1G;
	m.exit_info2 = SIZE_1G - 4;
	npf_handle(&cpus[0]);
	CHECK(linked_private);
	m.exit_info2 = SIZE_1G;
	npf_handle(&cpus[0]);
	CHECK(!linked_private);
	m.exit_info2 = (SIZE_1G - 4) | NPT_CBIT;
	CHECK_EQ(npf_handle(&cpus[0]), GIVE_UP);
	CHECK_STR(why, "C-bit in an address under a virtual TOM");
}
