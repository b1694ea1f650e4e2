/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/host/mem/kept.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "abi/machine.h"
#include "base/x86.h"
#include "lib/string.h"

#define PAGES ((4 * SIZE_1G - MACHINE_FIRMWARE_BASE) / PAGE_SIZE)

static void *copies[PAGES]; /* NULL: not kept */

static void **copy_of(gpa_t g)
{
	return &copies[(g.v - MACHINE_FIRMWARE_BASE) / PAGE_SIZE];
}

void kept_save(gpa_t g)
{
	void **copy = copy_of(g);

	*copy = host_pages_alloc(1);
	memcpy(*copy, guest_ptr(g), PAGE_SIZE);
}

void kept_restore(gpa_t g, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		memcpy(guest_ptr(gpa_add(g, i * PAGE_SIZE)), copy_of(g)[i], PAGE_SIZE);
}
