/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "bare/lib/edu.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test_report.h"
#include "lib/fmt.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  (1u << 31)
#define EDU            0x11e81234u
#define COMMAND        0x04
#define COMMAND_DMA    (BIT(1) | BIT(2)) /* answers at its BAR, may be a master */
#define BAR0           0x10
#define SLOTS          32

/* docs/specs/edu: MMIO area */
#define DMA_SOURCE  0x80
#define DMA_TARGET  0x88
#define DMA_COUNT   0x90
#define DMA_COMMAND 0x98
#define DMA_RUN     BIT(0)
#define DMA_TO_RAM  BIT(1)
#define BUFFER      0x40000

static uint64_t bar;
static char name[16];

static uint32_t config(unsigned slot, unsigned reg)
{
	uint32_t v = 0;

	REQUIRE(ghcb_out(CONFIG_ADDRESS, 4, CONFIG_ENABLE | slot << 11 | reg));
	REQUIRE(ghcb_in(CONFIG_DATA, 4, &v));
	return v;
}

const char *edu_init(void)
{
	unsigned slot = 0;

	while (slot < SLOTS && config(slot, 0) != EDU)
		slot++;
	if (slot == SLOTS)
		test_skip("no edu device (QEMU's -device edu)");
	bar = config(slot, BAR0) & ~0xfu;
	REQUIRE(ghcb_out(CONFIG_ADDRESS, 4, CONFIG_ENABLE | slot << 11 | COMMAND));
	REQUIRE(ghcb_out(CONFIG_DATA, 2, COMMAND_DMA));
	fmt_scnprintf(name, sizeof(name), "00:%02x.0", slot);
	return name;
}

static void set(unsigned reg, uint64_t value)
{
	REQUIRE(ghcb_mmio_write(bar + reg, 8, value));
}

/* It takes 100 ms, so there is time for a word to somebody else. */
static void copy(uint64_t from, uint64_t to, uint64_t direction)
{
	struct patience p = smp_patience(10);
	uint64_t busy = DMA_RUN;

	set(DMA_SOURCE, from);
	set(DMA_TARGET, to);
	set(DMA_COUNT, EDU_BYTES);
	set(DMA_COMMAND, DMA_RUN | direction);
	while ((busy & DMA_RUN) && !smp_patience_over(&p))
		REQUIRE(ghcb_mmio_read(bar + DMA_COMMAND, 8, &busy));
	REQUIRE_EQ(busy & DMA_RUN, 0);
}

void edu_fetch(uint64_t from)
{
	copy(from, BUFFER, 0);
}

void edu_store(uint64_t to)
{
	copy(BUFFER, to, DMA_TO_RAM);
}
