/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Where the guest's boot data go in its RAM: one block below 4 GiB that avoids everything the
 * launch has loaded. Called once by guest_launch(). It only computes; nothing is written here.
 */
#include "boot/guest.h"

#define BELOW 0x100000000ull /* 32-bit pointers of the boot protocol reach no further */

static bool overlaps(struct launch_range r, uint64_t base, uint64_t size)
{
	return r.size && base < r.gpa + r.size && r.gpa < base + size;
}

/* The kernel needs `span` bytes from its start, which is more than the launch has loaded (Linux:
 * init_size). */
static bool is_free(const struct launch_info *info, uint64_t span, uint64_t base, uint64_t size)
{
	struct launch_range kernel = {info->kernel.gpa, MAX(span, info->kernel.size)};

	return memmap_is_guest(gpa(base), size) && !overlaps(kernel, base, size) &&
	       !overlaps(info->setup, base, size) && !overlaps(info->initrd, base, size) &&
	       !overlaps(info->cmdline, base, size);
}

/* The highest 2 MiB aligned place for `size` bytes; 0: none. */
static uint64_t place(const struct launch_info *info, uint64_t span, uint64_t size)
{
	uint64_t end = MIN(memmap_end().v, BELOW);

	for (uint64_t base = ALIGN_DOWN(end, SIZE_2M); base > size; base -= SIZE_2M) {
		if (is_free(info, span, base - size, size))
			return base - size;
	}
	return 0;
}

bool guest_layout_choose(struct guest_layout *l, const struct launch_info *info, uint64_t span)
{
	uint64_t hole = info->guest == LAUNCH_GUEST_BARE ? GUEST_HOLE : 0;
	uint64_t base = place(info, span, hole + 2 * GUEST_REGION);

	if (!base)
		return false;
	*l = (struct guest_layout){
		.hole = {gpa(base + 2 * GUEST_REGION), hole},
		.loader = gpa(base),
		.boot_params = gpa(base),
		.blob = gpa(base + 0x1000),
		.pagetables = gpa(base + 0x2000),
		.stack_top = gpa(base + 0x10000 + GUEST_STACK),
		.acpi = gpa(base + GUEST_REGION - GUEST_ACPI_MAX),
		.reserved = gpa(base + GUEST_REGION),
		.secrets = gpa(base + GUEST_REGION),
		.cpuid = gpa(base + GUEST_REGION + 0x1000),
		.caa = gpa(base + GUEST_REGION + 0x2000),
		.vmsa = gpa(base + GUEST_REGION + 0x3000),
	};
	return true;
}
