/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Starts the other CPUs, one by one, from the host's list, and decides which of them are service
 * CPUs. smp_init() is called once, by the boot CPU. The list and the start itself are the host's:
 * a CPU that it does not start, or starts too late, is left out, and nothing may depend on how
 * many come.
 */
#include "boot/smp.h"
#include "apic/guest_apic.h"
#include "base/x86.h"
#include "cpu/desc.h"
#include "user/usermode.h"
#include "mm/launch_area.h"
#include "log/log.h"
#include "boot/cpu_list.h"
#include "boot/cpu_loop.h"
#include "cpu/failstop.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "cpu/wait.h"
#include "platform/platform.h"

/* A loaded machine in software takes some seconds. A guest that lacks a CPU is worse than a late
 * one. */
#define START_MS 60000

/* The first code of another CPU. Its page tables, stack, GS and descriptors come from its VMSA
 * (platform/snp/vcpu.c). It works only once the boot CPU has put it into the table of CPUs. */
NORETURN static void ap_main(struct cpu *c)
{
	if (!platform->cpu_init(c))
		for (;;)
			platform->halt();
	c->log.ready = true;
	usermode_init_cpu();
	timer_init_cpu();
	if (!guest_apic_init_cpu())
		for (;;)
			platform->halt();
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	/* A CPU that came up too late is never put into the table, and waits here for good: the
	 * others would not find the tasks in its queue. */
	while (percpu_get(c->index) != c) {
		failstop_check();
		cpu_relax();
	}
	cpu_loop();
}

/* False: it did not answer within START_MS. It may still come, and then waits in ap_main(). */
static bool wait_online(const struct cpu *c)
{
	struct patience p = svsm_patience(START_MS);

	while (!__atomic_load_n(&c->online, __ATOMIC_ACQUIRE)) {
		if (svsm_patience_over(&p))
			return false;
		cpu_relax();
	}
	return true;
}

/* NULL: it is online. Otherwise why it is left out. */
static const char *start(struct cpu *c)
{
	const char *why = desc_alloc(c) ? platform->cpu_start(c, ap_main) : "no memory";

	if (why)
		return why;
	return wait_online(c) ? NULL : "no answer in time";
}

/* A CPU that fails leaves its memory allocated: the hypervisor may have its VMSA by then and run
 * it at any time. */
static void add_cpu(uint32_t apic_id, bool service)
{
	struct cpu *c = percpu_new(apic_id);
	const char *why = "no memory";

	if (c) {
		c->service = service;
		why = start(c);
	}
	if (why)
		log_error("smp: APIC ID %u: %s", apic_id, why);
	else
		percpu_publish(c);
}

/* Takes the boot CPU out of the list; the rest keeps its order. Returns how many are left. */
static unsigned others(uint32_t *ids, unsigned n, uint32_t own)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++)
		if (ids[i] != own)
			ids[kept++] = ids[i];
	return kept;
}

/* How many CPUs become service CPUs: what the launch page asks for, or all that there are. */
static unsigned service_cpus(unsigned most)
{
	unsigned wanted = launch_info.service_cpus;

	if (wanted > most)
		log_warn("smp: %u service CPUs asked for, %u can be had", wanted, most);
	return MIN(wanted, most);
}

/* The last ones of the list become service CPUs, so that the guest's APIC IDs start as the host
 * lists them. */
void smp_init(void)
{
	static uint32_t ids[PERCPU_MAX];
	unsigned n = others(ids, cpu_list(ids, PERCPU_MAX), percpu_this()->apic_id);
	unsigned services, guests;

	services = service_cpus(n);
	guests = n - services;
	for (unsigned i = 0; i < n; i++)
		add_cpu(ids[i], i >= guests);
	log_info("smp: %u of %u CPUs, %u of them for services", percpu_count(), n + 1,
		 percpu_count() - percpu_guest_count());
}
