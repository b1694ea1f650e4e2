/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* vCPUs: both online and at work, off and on again, interrupts and timers between them. */
#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"

static unsigned present_cpus(void)
{
	char text[32];
	unsigned last = 0;

	if (agent_read("/sys/devices/system/cpu/present", text, sizeof(text)) > 0)
		sscanf(text, "%*u-%u", &last);
	return last + 1;
}

AGENT_TEST(all_online, "cpus-online", "every vCPU of the machine is online and runs user code")
{
	CHECK_EQ(agent_cpus_online(), present_cpus());
	CHECK(present_cpus() >= 2);
	for (unsigned c = 0; c < present_cpus(); c++)
		CHECK(agent_pin(c));
	CHECK(agent_pin(0));
}

/* APM vol. 3, appendix E: LogicalProcessorCount, ThreadCount less one, and leaf 0xb. The machine
 * has another CPU, of a service, and no count may show it. */
AGENT_TEST(counted, "cpus-counted", "CPUID counts the guest's vCPUs and no other")
{
	unsigned a, b = 0, c = 0, d;

	CHECK(__get_cpuid(1, &a, &b, &c, &d));
	CHECK_EQ(b >> 16 & 0xff, present_cpus());
	CHECK(__get_cpuid(0x80000008, &a, &b, &c, &d));
	CHECK_EQ((c & 0xff) + 1, present_cpus());
	CHECK(__get_cpuid_count(0xb, 1, &a, &b, &c, &d));
	CHECK_EQ(b & 0xffff, present_cpus());
}

/*
 * Once a boot: a CPU that goes offline waits in AP_HLT_LOOP with the kernel's per-CPU GHCB marked
 * as taken (sev_es_ap_hlt_loop), and nothing clears the mark when the CPU comes back by
 * AP_CREATION. From then on one #VC inside another, as by an NMI, finds the backup GHCB taken too,
 * and the kernel panics, on hardware as well as here; so does a second round.
 */
AGENT_TEST_LAST(hotplug, "cpu-off-on",
		"CPU 1 goes offline and comes back (CREATE_VCPU, AP_CREATION, DELETE_VCPU)")
{
	static const char path[] = "/sys/devices/system/cpu/cpu1/online";
	unsigned before = agent_cpus_online();

	if (present_cpus() < 2) {
		agent_skip("the guest has one vCPU");
		return;
	}
	CHECK(agent_write(path, "0"));
	CHECK_EQ(agent_cpus_online(), before - 1);
	CHECK(agent_write(path, "1"));
	CHECK_EQ(agent_cpus_online(), before);
	CHECK(agent_pin(1));
	CHECK(agent_pin(0));
}

AGENT_TEST(migrate, "ipi-migrate", "a task moves between the vCPUs 2,000 times (reschedule IPIs)")
{
	unsigned n = agent_cpus_online();
	unsigned missed = 0;

	for (unsigned i = 0; i < 2000; i++)
		missed += !agent_pin(i % n);
	CHECK_EQ(missed, 0);
	CHECK(agent_pin(0));
}

struct ping {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	unsigned whose, rounds, done;
	unsigned limit;
};

static void *ping_thread(void *arg)
{
	struct ping *p = arg;

	agent_pin(1);
	pthread_mutex_lock(&p->lock);
	while (p->rounds < p->limit) {
		while (p->whose != 1)
			pthread_cond_wait(&p->turn, &p->lock);
		p->rounds++;
		p->whose = 0;
		pthread_cond_signal(&p->turn);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

AGENT_TEST(wakeups, "ipi-wakeup", "two idle vCPUs wake each other 1,000 times, none is lost")
{
	struct ping p = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .turn = PTHREAD_COND_INITIALIZER, .limit = 1000};
	pthread_t t;

	if (agent_cpus_online() < 2) {
		agent_skip("the guest has one vCPU");
		return;
	}
	agent_pin(0);
	CHECK_EQ(pthread_create(&t, NULL, ping_thread, &p), 0);
	pthread_mutex_lock(&p.lock);
	while (p.rounds < p.limit) {
		p.whose = 1;
		pthread_cond_signal(&p.turn);
		while (p.whose != 0)
			pthread_cond_wait(&p.turn, &p.lock);
	}
	pthread_mutex_unlock(&p.lock);
	CHECK_EQ(pthread_join(t, NULL), 0);
	CHECK_EQ(p.rounds, p.limit);
}

AGENT_TEST(timers, "timer-sleeps", "500 short sleeps on each vCPU end, and never early")
{
	struct timespec nap = {.tv_nsec = 500000}, a, b;
	unsigned early = 0;

	for (unsigned c = 0; c < agent_cpus_online(); c++) {
		CHECK(agent_pin(c));
		for (int i = 0; i < 500; i++) {
			clock_gettime(CLOCK_MONOTONIC, &a);
			clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
			clock_gettime(CLOCK_MONOTONIC, &b);
			early += (b.tv_sec - a.tv_sec) * 1000000000ll + b.tv_nsec - a.tv_nsec <
				 500000;
		}
	}
	CHECK_EQ(early, 0);
	agent_pin(0);
}

AGENT_TEST(clock_forward, "clock-monotonic",
	   "the clock never runs backwards as a task changes vCPUs")
{
	struct timespec last, now;
	unsigned back = 0, n = agent_cpus_online();

	clock_gettime(CLOCK_MONOTONIC, &last);
	for (unsigned i = 0; i < 400; i++) {
		agent_pin(i % n);
		for (int k = 0; k < 50; k++) {
			clock_gettime(CLOCK_MONOTONIC, &now);
			back += now.tv_sec < last.tv_sec ||
				(now.tv_sec == last.tv_sec && now.tv_nsec < last.tv_nsec);
			last = now;
		}
	}
	CHECK_EQ(back, 0);
	agent_pin(0);
}

static unsigned long interrupts(const char *row)
{
	static char text[16384];
	unsigned long sum = 0, v;
	char *p;

	if (agent_read("/proc/interrupts", text, sizeof(text)) < 0 || !(p = strstr(text, row)))
		return 0;
	for (p += strlen(row); sscanf(p, " %lu", &v) == 1; sum += v) {
		while (*p == ' ')
			p++;
		p = strpbrk(p, " \n");
		if (!p || *p == '\n')
			break;
	}
	return sum;
}

AGENT_TEST(irq_counts, "apic-interrupts", "timer and IPI counters of /proc/interrupts move")
{
	unsigned long timer = interrupts("LOC:"), resched = interrupts("RES:") + interrupts("CAL:");
	struct timespec nap = {.tv_nsec = 1000000};

	for (unsigned i = 0; i < 50; i++) {
		agent_pin(i % agent_cpus_online());
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
	}
	CHECK(interrupts("LOC:") > timer);
	CHECK(agent_cpus_online() < 2 || interrupts("RES:") + interrupts("CAL:") > resched);
	CHECK_EQ(interrupts("ERR:"), 0);
	agent_pin(0);
}
