/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "cpu/percpu.h"
#include "mm/alloc.h"
#include "lib/lock.h"
#include "log/logring.h"

/* The linker puts them around what PERCPU has marked. */
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

struct log_cpu *log_this_cpu(void)
{
	return &percpu_this()->log;
}

uint32_t *lock_held(void)
{
	return &percpu_this()->locks_held;
}

/* Its ring and its copies of the PERCPU variables. A CPU that cannot be had is left out for good,
 * so what was taken for it is not given back. */
static bool alloc_parts(struct cpu *c)
{
	char *copies = alloc(__stop_svsm_percpu - __start_svsm_percpu);

	c->log.ring = alloc(sizeof(*c->log.ring));
	if (!copies || !c->log.ring)
		return false;
	c->area = copies - __start_svsm_percpu;
	return true;
}

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

void percpu_publish(struct cpu *c)
{
	cpus[count] = c;
	__atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
}
