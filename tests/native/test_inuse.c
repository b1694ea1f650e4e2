/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A VMSA in use and the vCPUs that wait for it: who gives way, and that no wait is without an end.
 *
 * sources: launch/machine/snp/vmsa_inuse.c
 */
#include "base/x86.h"
#include "tests/native/check.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/isr.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/snp/vmsa_inuse.h"
#include "machine/snp/vmsa_swap.h"

#include <string.h>

/* Many ticks a millisecond: 2 ms of the code under test are some 80 of this host, so that a test
 * that gets no CPU for a moment does not skip the nap. */
#define KHZ 100000000ull

/* ---- four vCPUs; what a kick does is the test's choice ---- */

static struct vcpu cpus[4];
struct vcpu *machine_vcpus[HOST_MAX_CPUS - 1] = {&cpus[0], &cpus[1], &cpus[2], &cpus[3]};
static struct rmp_entry page;
static unsigned kicks[4], naps, put_downs;
static void (*on_kick)(struct vcpu *v);

uint64_t host_tsc_khz(void)
{
	return KHZ;
}

void host_kick(unsigned cpu)
{
	kicks[cpu - 1]++;
	if (on_kick)
		on_kick(&cpus[cpu - 1]);
}

void host_nap(uint64_t ticks)
{
	uint64_t start = rdtsc();

	naps++;
	while (rdtsc() - start < ticks)
		cpu_relax();
}

void vmsa_put_down(struct vmpl_ctx *c)
{
	put_downs++;
	c->loaded = false;
	page.state &= (uint8_t)~RMP_INUSE;
}

/* vCPU 1 holds the page. */
static void setup(void (*kick)(struct vcpu *v))
{
	memset(cpus, 0, sizeof(cpus));
	memset(kicks, 0, sizeof(kicks));
	naps = put_downs = 0;
	for (unsigned i = 0; i < 4; i++)
		cpus[i].index = i;
	page = (struct rmp_entry){.state = RMP_INUSE, .holder = 1};
	cpus[1].ctx[0].loaded = true;
	on_kick = kick;
}

/* The other CPU's loop. */
static void leaves_its_guest(struct vcpu *v)
{
	machine_yield(v);
}

TEST(the_holder_puts_it_down)
{
	setup(leaves_its_guest);
	CHECK(vmsa_inuse_wait(&cpus[0], &page));
	CHECK_EQ(put_downs, 1);
	CHECK_EQ(naps, 0);
	CHECK(kicks[0] > 0); /* it may sleep meanwhile */
	CHECK_EQ(cpuset_next(&cpus[1].asked, 0), 0);
	vmsa_inuse_done(&cpus[0]);
	CHECK(cpuset_empty(&cpus[1].asked));
	CHECK(!cpus[0].napped);
}

TEST(a_holder_that_does_not_come_is_not_waited_for_for_ever)
{
	/* 2 ms of real time, which a busy host may take away whole: then once more. A lost kick is
	 * repeated. */
	for (unsigned i = 0; i < 1000 && kicks[1] < 2; i++) {
		setup(NULL);
		CHECK(!vmsa_inuse_wait(&cpus[2], &page));
	}
	CHECK(naps > 0);
	CHECK(kicks[1] > 1);
	CHECK(cpus[2].napped);
	CHECK_EQ(page.state, RMP_INUSE);
	CHECK_EQ(cpuset_next(&cpus[1].asked, 0), 2);
	vmsa_inuse_done(&cpus[2]);
	CHECK(cpuset_empty(&cpus[1].asked));
}

TEST(who_is_asked_by_a_lower_one_gives_way)
{
	setup(NULL);
	cpuset_add(&cpus[2].asked, 0);
	CHECK(!vmsa_inuse_wait(&cpus[2], &page));
	CHECK_EQ(naps, 0);
	vmsa_inuse_done(&cpus[2]);
	CHECK(cpuset_empty(&cpus[1].asked));
	check_context("a higher one has to wait");
	cpuset_remove(&cpus[2].asked, 0);
	cpuset_add(&cpus[2].asked, 3);
	on_kick = leaves_its_guest;
	CHECK(vmsa_inuse_wait(&cpus[2], &page));
	vmsa_inuse_done(&cpus[2]);
}

TEST(nobody_waits_for_itself)
{
	setup(NULL);
	CHECK(!vmsa_inuse_wait(&cpus[1], &page));
	CHECK(cpuset_empty(&cpus[1].asked));
	vmsa_inuse_done(&cpus[1]);
	CHECK_EQ(naps, 0);
}

TEST(only_what_is_asked_for_is_put_down)
{
	setup(NULL);
	CHECK_EQ(machine_yield(&cpus[1]), 0);
	CHECK_EQ(put_downs, 0);
	cpuset_add(&cpus[1].asked, 0);
	cpuset_add(&cpus[1].asked, 3);
	CHECK(machine_yield(&cpus[1]) > 0);
	CHECK_EQ(put_downs, 1);
	CHECK_EQ(kicks[0], 1);
	CHECK_EQ(kicks[3], 1);
	machine_yield(&cpus[1]);
	CHECK_EQ(put_downs, 1);
}

/* From its being put down to its coming back, us; the waiter is done at once or never. */
static uint64_t time_down(struct vcpu *v, bool done)
{
	uint64_t start = rdtsc(), left;

	cpuset_add(&v->asked, 0);
	v->ctx[0].loaded = true;
	left = machine_yield(v);
	CHECK(left > 0);
	if (done)
		cpuset_remove(&v->asked, 0);
	for (; left; left = machine_yield(v))
		host_nap(left);
	return (rdtsc() - start) * 1000 / KHZ;
}

TEST(it_stays_down_a_while_and_not_for_ever)
{
	setup(NULL);
	CHECK(time_down(&cpus[1], true) >= 100);
	CHECK_EQ(machine_yield(&cpus[1]), 0);
	CHECK(time_down(&cpus[1], false) >= 1000);
}
