/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The guest's memory as a device finds it: what is shared. */
#include "machine/cpu/guard.h"
#include "machine/cpu/tlb.h"
#include "machine/dev/fwcfg/fwdev.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/percpu.h"
#include "lib/string.h"

/* CPU n runs vCPU n - 1, and only a guest's access brings us here. */
static struct vcpu *self(void)
{
	return machine_vcpus[host_cpu() - 1];
}

/* Two bytes that are aligned are one access, as a device's to an index of a ring is (virtio 1.2,
 * 2.7.6 and 2.7.8): another vCPU may be changing it. */
static void copy(void *to, const void *from, size_t n)
{
	if (n == 2 && !(((uintptr_t)to | (uintptr_t)from) & 1))
		WRITE_ONCE(*(uint16_t *)to, READ_ONCE(*(const uint16_t *)from));
	else
		memcpy(to, from, n);
}

bool fwdev_guest_read(gpa_t g, void *to, size_t n)
{
	if (!guard_is_shared(g, n))
		return false;
	copy(to, guest_ptr(g), n);
	return true;
}

/* Another vCPU may make the page private: it waits for the end of this. */
bool fwdev_guest_write(gpa_t g, const void *from, size_t n)
{
	bool shared;

	tlb_write_begin(self());
	shared = guard_is_shared(g, n);
	if (shared)
		copy(guest_ptr(g), from, n);
	tlb_write_end(self());
	return shared;
}
