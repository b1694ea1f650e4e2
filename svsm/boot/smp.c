/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "boot/smp.h"
#include "base/x86.h"
#include "cpu/desc.h"
#include "user/usermode.h"
#include "mm/launch_area.h"
#include "log/log.h"
#include "lib/madt.h"
#include "boot/cpu_loop.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "platform/platform.h"

/* Time-stamp ticks: seconds on any machine, and long enough for a loaded one in software. */
#define START_LIMIT 20000000000ull

/* First code of another CPU: tables, stack, GS and descriptors come from its VMSA. */
NORETURN static void ap_main(struct cpu *c)
{
	if (!platform->cpu_init(c))
		for (;;)
			platform->halt();
	c->log.ready = true;
	usermode_init_cpu();
	timer_init_cpu();
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	/* Who comes too late is in no table: nobody would find the tasks that it puts down. */
	while (percpu_get(c->index) != c)
		cpu_relax();
	cpu_loop();
}

static bool wait_online(const struct cpu *c)
{
	uint64_t start = rdtsc();

	while (!__atomic_load_n(&c->online, __ATOMIC_ACQUIRE)) {
		if (rdtsc() - start > START_LIMIT)
			return false;
		cpu_relax();
	}
	return true;
}

static const char *start(struct cpu *c)
{
	const char *why = desc_alloc(c) ? platform->cpu_start(c, ap_main) : "no memory";

	if (why)
		return why;
	return wait_online(c) ? NULL : "no answer in time";
}

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

/* The boot CPU out of the list, the rest in order. Returns how many are left. */
static unsigned others(uint32_t *ids, unsigned n, uint32_t own)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++)
		if (ids[i] != own)
			ids[kept++] = ids[i];
	return kept;
}

static unsigned service_cpus(unsigned most)
{
	unsigned wanted = launch_info.service_cpus;

	if (wanted > most)
		log_warn("smp: %u service CPUs asked for, %u can be had", wanted, most);
	return MIN(wanted, most);
}

void smp_init(void)
{
	static uint32_t ids[PERCPU_MAX];
	unsigned n = madt_apic_ids(igvm_madt, IGVM_AREA_SIZE, ids, PERCPU_MAX);
	unsigned services, guests;

	if (!n)
		log_warn("smp: no usable MADT from the host, one CPU only");
	n = others(ids, n, percpu_this()->apic_id);
	services = service_cpus(n);
	guests = n - services;
	for (unsigned i = 0; i < n; i++)
		add_cpu(ids[i], i >= guests);
	log_info("smp: %u of %u CPUs, %u of them for services", percpu_count(), n + 1,
		 percpu_count() - percpu_guest_count());
}
