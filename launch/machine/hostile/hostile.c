/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The list of hostile hosts. They come into it from their own files through the linker. Hooks lie
 * on the way of every exit, so one flag tells whether any of them is on.
 */
#include "machine/hostile/hostile.h"

extern const struct hostile_host __start_hostile_hosts[], __stop_hostile_hosts[];

#define for_each_host(h, hook)                                                                     \
	for (const struct hostile_host *h = host_options.hostile ? __start_hostile_hosts           \
								 : __stop_hostile_hosts;           \
	     h < __stop_hostile_hosts; h++)                                                        \
		if (*h->on && h->hook)

uint32_t hostile_madt(uint8_t *at)
{
	uint32_t length = 0;

	for_each_host (h, madt)
		length += h->madt(at ? at + length : NULL);
	return length;
}

unsigned hostile_ranges(void)
{
	return host_options.hostile ? HOSTILE_RANGES : 0;
}

unsigned hostile_memory_map(struct igvm_memory_map_entry *e, unsigned n)
{
	for_each_host (h, memory_map)
		n = h->memory_map(e, n);
	return n;
}

void hostile_cpuid(uint32_t leaf, uint32_t out[4])
{
	for_each_host (h, cpuid)
		h->cpuid(leaf, out);
}

void hostile_launched(void)
{
	for_each_host (h, launched)
		h->launched();
}

void hostile_validated(gpa_t g, unsigned pages)
{
	for_each_host (h, validated)
		h->validated(g, pages);
}

bool hostile_hides(gpa_t g)
{
	for_each_host (h, hides)
		if (h->hides(g))
			return true;
	return false;
}

bool hostile_nested_fault(struct vcpu *v, gpa_t g)
{
	for_each_host (h, nested_fault)
		if (h->nested_fault(v, g))
			return true;
	return false;
}

void hostile_stepped(struct vcpu *v)
{
	for_each_host (h, stepped)
		h->stepped(v);
}

void hostile_before_run(struct vcpu *v)
{
	for_each_host (h, before_run)
		h->before_run(v);
}

bool hostile_msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	for_each_host (h, msr_write)
		if (h->msr_write(v, msr, value))
			return true;
	return false;
}

bool hostile_msr_request(struct vcpu *v, uint64_t request, uint64_t *answer)
{
	for_each_host (h, msr_request)
		if (h->msr_request(v, request, answer))
			return true;
	return false;
}

unsigned hostile_refuse(const struct ghcb_call *c)
{
	unsigned reason = 0;

	for_each_host (h, refuse)
		if (!reason)
			reason = h->refuse(c);
	return reason;
}

void hostile_answered(struct vcpu *v, unsigned vmpl, struct ghcb *page)
{
	for_each_host (h, answered)
		h->answered(v, vmpl, page);
}

void hostile_ended(void)
{
	for_each_host (h, ended)
		h->ended();
}
