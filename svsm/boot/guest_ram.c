/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The guest's RAM at boot: registered in the page-state map, validated, and given to the guest's
 * VMPL. Boot CPU only, so no lock is taken. The host could play tricks with any page; whatever
 * does not validate as expected ends the launch.
 */
#include "boot/guest.h"
#include "mm/guestpage.h"
#include "base/assert.h"
#include "mm/pagestate.h"

void guest_memory_init(uint8_t *states)
{
	struct memmap_range svsm = memmap_svsm();
	const struct memmap_range *r;
	unsigned n = memmap_ranges(&r);

	for (unsigned i = 0; i < n; i++) {
		ASSERT(pagestate_add(r[i].base, r[i].size, states));
		states += r[i].size / PAGE_SIZE;
	}
	pagestate_mark(svsm.base, svsm.size, PAGE_SVSM);
}

#define LOADED 4 /* the most ranges that the launch fills */

/* Page aligned; end 0: absent. */
struct stretch {
	uint64_t base, end;
};

static void loaded_ranges(const struct launch_info *info, struct stretch s[LOADED])
{
	const struct launch_range all[LOADED] = {info->kernel, info->setup, info->initrd,
						 info->cmdline};

	for (unsigned i = 0; i < LOADED; i++) {
		s[i].base = ALIGN_DOWN(all[i].gpa, PAGE_SIZE);
		s[i].end = all[i].size ? ALIGN_UP(all[i].gpa + all[i].size, PAGE_SIZE) : 0;
	}
}

/* The first loaded range that ends after pos, joined with those that follow it without a gap,
 * because one 2M page may hold several. Size 0 and the highest address when there is none. */
static struct memmap_range next_loaded(const struct launch_info *info, uint64_t pos)
{
	struct stretch s[LOADED], best = {~0ull, ~0ull};

	loaded_ranges(info, s);
	for (unsigned i = 0; i < LOADED; i++)
		if (s[i].end > pos && s[i].base < best.base)
			best = s[i];
	for (unsigned n = 0; n < LOADED; n++) /* each round may find one more */
		for (unsigned i = 0; i < LOADED; i++)
			if (s[i].base == best.end && s[i].end > best.end)
				best.end = s[i].end;
	return (struct memmap_range){gpa(best.base), best.end - best.base};
}

void guest_memory_take(uint64_t base, uint64_t size, bool loaded)
{
	uint64_t done = 0;
	enum platform_result r = (loaded ? platform_rights_range : platform_accept_range)(
		gpa(base), size, guestpage_vmpl, RMP_RWX, &done);

	if (r != PLATFORM_OK)
		panic("guest RAM at %#lx (%s at launch): %s", (unsigned long)(base + done),
		      loaded ? "loaded" : "not loaded", platform_result_name(r));
	pagestate_mark(gpa(base), size, PAGE_VALID);
}

/* Splits [pos, end) at the borders of what the launch has loaded, and takes each stretch. */
static void take_range(const struct launch_info *info, uint64_t pos, uint64_t end)
{
	while (pos < end) {
		struct memmap_range next = next_loaded(info, pos);
		bool inside = next.size && next.base.v <= pos;
		uint64_t stop = inside ? next.base.v + next.size : next.base.v;

		stop = MIN(stop, end);
		guest_memory_take(pos, stop - pos, inside);
		pos = stop;
	}
}

/*
 * Validates all guest RAM except the hole. Nothing is zeroed here, unlike in guestpage_validate().
 * The danger there is a page with secrets of the SVSM that the host has moved to a guest address:
 * PVALIDATE would accept it with its content. So far the only secrets are the keys in the secrets
 * page, and guest_environment_write() reads that page after this. Had it been moved before, that
 * read would fault and end the launch. Moved later, it would need another PVALIDATE, which the
 * page-state map refuses. This saves writing all of RAM.
 */
void guest_memory_validate(const struct launch_info *info, struct memmap_range hole)
{
	const struct memmap_range *r;
	unsigned n = memmap_guest_ranges(&r);

	for (unsigned i = 0; i < n; i++) {
		uint64_t base = r[i].base.v, end = base + r[i].size;

		if (hole.size && hole.base.v >= base && hole.base.v < end) {
			take_range(info, base, hole.base.v);
			base = hole.base.v + hole.size;
		}
		take_range(info, base, end);
	}
}
