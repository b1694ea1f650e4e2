/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A bare guest: a flat image, entered at its first byte, that gets a struct bare_info instead of
 * boot_params. For the test guests in guests/bare. Called by guest_launch() once the image and its
 * memory are validated.
 */
#include "abi/cc_blob.h"
#include "boot/guest.h"
#include "cpu/percpu.h"

/* Ranges beyond BARE_MAX_RAM are left out; a test guest needs no more. */
static void list_ram(struct bare_info *b)
{
	const struct memmap_range *r;
	unsigned n = memmap_guest_ranges(&r);

	for (; b->ram_count < MIN(n, BARE_MAX_RAM); b->ram_count++)
		b->ram[b->ram_count] =
			(struct bare_range){r[b->ram_count].base.v, r[b->ram_count].size};
}

void guest_bare_write(const struct guest_layout *l, const struct launch_info *info, uint64_t *rip,
		      uint64_t *rsi)
{
	struct bare_info b = {
		.blob = guest_environment_blob(l),
		.cpus = percpu_guest_count(),
		.unvalidated = {l->hole.base.v, l->hole.size},
		.reserved = {l->reserved.v, GUEST_REGION},
		.loader = {l->loader.v, GUEST_REGION},
		.svsm = {memmap_svsm().base.v, memmap_svsm().size},
	};

	list_ram(&b);
	guest_put(l->blob, &b, sizeof(b));
	*rip = info->kernel.gpa;
	*rsi = l->blob.v;
}
