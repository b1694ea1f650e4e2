/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* 8254, mode 0 and the read-back command; 82093AA, redirection entries. */
#include "bare/lib/pit.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"

#define IOAPIC       0xfec00000ull
#define IOAPIC_DATA  (IOAPIC + 0x10)
#define ENTRY        (0x10 + 2 * 2)
#define ENTRY_LEVEL  BIT(15)
#define ENTRY_MASKED BIT(16)

#define PIT_COUNTER  0x40
#define PIT_COMMAND  0x43
#define MODE_0       0x30 /* counter 0, low byte then high byte */
#define READ_STATUS  0xe2 /* of counter 0 */
#define STATUS_OUT   BIT(7)

static void entry(uint32_t high, uint32_t low)
{
	ghcb_mmio_write(IOAPIC, 4, ENTRY);
	ghcb_mmio_write(IOAPIC_DATA, 4, ENTRY_MASKED);
	ghcb_mmio_write(IOAPIC, 4, ENTRY + 1);
	ghcb_mmio_write(IOAPIC_DATA, 4, high);
	ghcb_mmio_write(IOAPIC, 4, ENTRY);
	ghcb_mmio_write(IOAPIC_DATA, 4, low);
}

static void start(uint32_t apic_id, uint32_t low)
{
	ghcb_out(PIT_COMMAND, 1, MODE_0);
	entry(apic_id << 24, low);
	ghcb_out(PIT_COUNTER, 1, 100);
	ghcb_out(PIT_COUNTER, 1, 0);
}

void pit_level(uint32_t apic_id, uint8_t vector)
{
	start(apic_id, ENTRY_LEVEL | vector);
}

void pit_edge(uint32_t apic_id, uint8_t vector)
{
	start(apic_id, vector);
}

bool pit_fires(void)
{
	struct patience p = smp_patience(10);
	uint32_t status = 0;

	do {
		ghcb_out(PIT_COMMAND, 1, READ_STATUS);
		ghcb_in(PIT_COUNTER, 1, &status);
	} while (!(status & STATUS_OUT) && !smp_patience_over(&p));
	return status & STATUS_OUT;
}

void pit_off(void)
{
	ghcb_out(PIT_COMMAND, 1, MODE_0);
	entry(0, ENTRY_MASKED);
}
