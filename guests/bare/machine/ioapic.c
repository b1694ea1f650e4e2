/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Guests program the real IOAPIC: no redirection entry may reach the monitor (docs/fidelity.md). */
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"

#define IOAPIC 0xfec00000ull
#define WINDOW 0x10
#define ALIAS  0x100 /* where the registers repeat */
#define ENTRY  (0x10 + 2 * 23)
#define MASKED BIT(16)

struct entry {
	const char *name;
	uint32_t value;
	bool masked;
};

static const struct entry entries[] = {
	{"fixed", 0x40, false},          {"SMI", 2 << 8 | 0x40, true},
	{"NMI", 4 << 8 | 0x40, true},    {"INIT", 5 << 8 | 0x40, true},
	{"ExtINT", 7 << 8 | 0x40, true}, {"a vector of the monitor", 0xff, true},
};

static bool select(uint64_t base)
{
	return ghcb_mmio_write(base, 4, ENTRY);
}

TEST(ioapic_entries, "ioapic-entries", "entries that could hit the monitor stay masked",
     "keelson:ioapic")
{
	for (unsigned i = 0; i < 2 * ARRAY_LEN(entries); i++) {
		const struct entry *e = &entries[i / 2];
		uint64_t base = IOAPIC + (i & 1) * ALIAS, v = 0;

		test_case("%s at %#lx", e->name, (unsigned long)base);
		CHECK(select(base));
		CHECK(ghcb_mmio_write(base + WINDOW, 4, e->value));
		CHECK(ghcb_mmio_read(IOAPIC + WINDOW, 4, &v));
		CHECK_EQ(v & MASKED, e->masked ? MASKED : 0);
		CHECK(ghcb_mmio_write(IOAPIC + WINDOW, 4, MASKED));
	}
}
