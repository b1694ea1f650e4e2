/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The table of all CPUs of the SVSM and the memory of each. The boot CPU's structure is static,
 * because it is in use before there is an allocator; boot/smp.c adds the others one by one. After
 * smp_init() the table does not change any more, so readers take no lock.
 */
#include "cpu/percpu.h"
#include "mm/alloc.h"
#include "lib/lock.h"
#include "log/logring.h"

/* Set by the linker around all variables that PERCPU has marked. */
extern char __start_svsm_percpu[], __stop_svsm_percpu[];

static struct logring boot_log;
static struct cpu boot_cpu = {
	.self = &boot_cpu,
	.log = {.ring = &boot_log},
	.own_vmsa = {~0ull},
	.guest = {.vmsa = {~0ull}, .caa = {~0ull}},
};
static struct cpu *cpus[PERCPU_MAX] = {&boot_cpu};
static unsigned count = 1;

unsigned percpu_count(void)
{
	return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}

unsigned percpu_guest_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < percpu_count(); i++)
		n += !cpus[i]->service;
	return n;
}

struct cpu *percpu_get(unsigned index)
{
	return index < percpu_count() ? cpus[index] : NULL;
}

struct cpu *percpu_by_apic_id(uint32_t apic_id)
{
	for (unsigned i = 0; i < percpu_count(); i++)
		if (cpus[i]->apic_id == apic_id)
			return cpus[i];
	return NULL;
}

struct cpu *percpu_boot(void)
{
	return &boot_cpu;
}

/* This function and the next are declared by lower layers (log/log.h, lib/lock.h), which do not
 * know struct cpu. */
struct log_cpu *log_this_cpu(void)
{
	return &percpu_this()->log;
}

uint32_t *lock_held(void)
{
	return &percpu_this()->locks_held;
}

/* The CPU's log ring and its copies of the PERCPU variables. On failure nothing is freed: the CPU
 * is left out for good. */
static bool alloc_parts(struct cpu *c)
{
	char *copies = alloc(__stop_svsm_percpu - __start_svsm_percpu);

	c->log.ring = alloc(sizeof(*c->log.ring));
	if (!copies || !c->log.ring)
		return false;
	c->area = copies - __start_svsm_percpu;
	return true;
}

/* Not in the table yet: nobody but the caller, and the CPU itself once it runs, knows it. */
struct cpu *percpu_new(uint32_t apic_id)
{
	struct cpu *c;

	if (count == PERCPU_MAX || percpu_by_apic_id(apic_id))
		return NULL;
	c = alloc(sizeof(*c));
	if (!c || !alloc_parts(c))
		return NULL;
	c->self = c;
	c->index = c->log.cpu = count;
	c->apic_id = apic_id;
	c->own_vmsa = c->guest.vmsa = c->guest.caa = GPA_NONE;
	return c;
}

/* Boot CPU only. The entry is written before the count that makes readers look at it. */
void percpu_publish(struct cpu *c)
{
	cpus[count] = c;
	__atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
}
