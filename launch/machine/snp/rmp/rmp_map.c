/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The RMP as text, run-length encoded (rmp_map.h). */
#include "machine/snp/rmp/rmp_map.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/options.h"
#include "machine/snp/rmp/rmp.h"
#include "lib/string.h"

/* Pages that are alike, from first on. */
struct stretch {
	uint64_t first, pages;
	struct rmp_entry e;
};

static unsigned stretches;

/* As much of an entry as is told of it. */
static struct rmp_entry essence(gpa_t g)
{
	struct rmp_entry e = *rmp_entry(g), shared = {.state = RMP_GUEST};

	e.state &= RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED | RMP_VMSA;
	e.holder = 0;
	return e.state == RMP_GUEST ? shared : e;
}

static const char *state_name(const struct rmp_entry *e)
{
	return !(e->state & RMP_ASSIGNED)    ? "shared"
	       : !(e->state & RMP_VALIDATED) ? "private"
	       : e->state & RMP_VMSA         ? "vmsa"
					     : "validated";
}

static void permissions(char text[4 * 5 + 1], const struct rmp_entry *e)
{
	static const char letters[] = "rwus";
	size_t n = 0;

	for (unsigned vmpl = 0; (e->state & RMP_ASSIGNED) && vmpl < VMPL_COUNT; vmpl++) {
		text[n++] = ' ';
		for (unsigned i = 0; i < 4; i++)
			text[n++] = e->perms[vmpl] & BIT(i) ? letters[i] : '-';
	}
	text[n] = 0;
}

/* What is no RAM of the guest's is not told. */
static void tell(const struct stretch *s)
{
	char perms[4 * 5 + 1];

	if (!s->pages || !(s->e.state & RMP_GUEST) || ++stretches > RMP_MAP_LINES)
		return;
	permissions(perms, &s->e);
	host_log("rmp: 0x%llx %llu %s%s", (unsigned long long)s->first,
		 (unsigned long long)s->pages, state_name(&s->e), perms);
}

static void follow(struct stretch *s, gpa_t g)
{
	struct rmp_entry e = essence(g);

	if (s->pages && s->first + s->pages * PAGE_SIZE == g.v &&
	    memcmp(&e, &s->e, sizeof(e)) == 0) {
		s->pages++;
		return;
	}
	tell(s);
	*s = (struct stretch){g.v, 1, e};
}

void rmp_map_print(void)
{
	const struct gpa_extent *x;
	unsigned n = gpa_map_extents(&x);
	struct stretch s = {0};

	if (!host_options.rmp_map)
		return;
	stretches = 0;
	for (unsigned i = 0; i < n; i++)
		for (uint64_t at = x[i].base; at < x[i].base + x[i].size; at += PAGE_SIZE)
			follow(&s, gpa(at));
	tell(&s);
	host_log("rmp: %u stretches", stretches);
}
