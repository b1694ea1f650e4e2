/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/pci/pcirule.h"

#define HOST_BRIDGE 0x0000
#define LPC         0x00f8 /* 00:1f.0 */

#define EXBAR_ON    BIT(0)
#define EXBAR_CODE  1 /* two bits: 256, 128 or 64 MiB */
#define EXBAR_BASE  (~0ull << 26)
#define MOST        (256ull << 20)
#define CODE_BAD    3
#define IOAPIC      0xfec00000ull

static const struct {
	uint16_t function, first, last;
} kept[] = {
	{HOST_BRIDGE, 0x90, 0x9f}, /* PAM0..6, F_SMBASE, SMRAM, ESMRAMC */
	{LPC, 0x40, 0x44},         /* PMBASE, ACPI_CNTL */
	{LPC, 0xf0, 0xf3},         /* RCBA */
};

static bool touches(const struct pci_write *w, uint16_t function, unsigned first, unsigned last)
{
	return w->function == function && w->reg <= last && w->reg + w->len > first;
}

bool pcirule_kept(const struct pci_write *w)
{
	for (unsigned i = 0; i < ARRAY_LEN(kept); i++)
		if (touches(w, kept[i].function, kept[i].first, kept[i].last))
			return true;
	return false;
}

uint64_t pcirule_pciexbar(uint64_t now, const struct pci_write *w)
{
	if (!touches(w, HOST_BRIDGE, PCI_PCIEXBAR, PCI_PCIEXBAR + 7))
		return now;
	for (unsigned i = 0; i < w->len; i++) {
		unsigned at = w->reg + i - PCI_PCIEXBAR;

		if (at < 8) {
			now &= ~(0xffull << 8 * at);
			now |= (uint64_t)(w->value >> 8 * i & 0xff) << 8 * at;
		}
	}
	return now;
}

bool pcirule_ecam(uint64_t pciexbar, uint64_t *base, uint64_t *size)
{
	unsigned code = pciexbar >> EXBAR_CODE & 3;

	*size = MOST >> code;
	*base = pciexbar & EXBAR_BASE & ~(*size - 1);
	return (pciexbar & EXBAR_ON) && code != CODE_BAD;
}

bool pcirule_pciexbar_ok(uint64_t pciexbar)
{
	uint64_t base, size;

	if (!(pciexbar & EXBAR_ON))
		return true;
	return pcirule_ecam(pciexbar, &base, &size) && base < IOAPIC && size <= IOAPIC - base;
}
