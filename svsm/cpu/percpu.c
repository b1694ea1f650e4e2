/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "cpu/percpu.h"
#include "mm/alloc.h"
#include "log/logring.h"

static struct logring boot_log;
static struct cpu boot_cpu = {
	.self = &boot_cpu,
	.log = &boot_log,
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

struct cpu *percpu_new(uint32_t apic_id)
{
	struct cpu *c;

	if (count == PERCPU_MAX || percpu_by_apic_id(apic_id))
		return NULL;
	c = alloc(sizeof(*c));
	if (!c)
		return NULL;
	c->log = alloc(sizeof(*c->log));
	if (!c->log) {
		alloc_free(c, sizeof(*c));
		return NULL;
	}
	c->self = c;
	c->index = count;
	c->apic_id = apic_id;
	c->own_vmsa = c->guest.vmsa = c->guest.caa = GPA_NONE;
	return c;
}

void percpu_publish(struct cpu *c)
{
	cpus[count] = c;
	__atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
}
