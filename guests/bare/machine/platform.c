/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What firmware finds of a q35 besides fw_cfg: QEMU 7.2, hw/i386/pc.c, hw/isa/lpc_ich9.c,
 * hw/acpi/core.c, hw/rtc/mc146818rtc.c, hw/intc/i8259.c, hw/timer/i8254.c.
 */
#include "abi/q35.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/mem_vmpl0.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"

#define PM1_STATUS  0x600
#define PM1_ENABLE  0x602
#define PM1_CONTROL 0x604
#define SCI_EN      BIT(0)
#define PM_TIMER    0x608
#define APM_COMMAND 0xb2
#define APM_STATUS  0xb3
#define CPU_HOTPLUG 0xcd8
#define HPET        0xfed00000ull

static uint32_t in(uint16_t port, unsigned size)
{
	uint32_t v = 0;

	CHECK(ghcb_in(port, size, &v));
	return v;
}

static void out(uint16_t port, unsigned size, uint32_t value)
{
	CHECK(ghcb_out(port, size, value));
}

/* ACPI 6.5, 4.8.3.3: 24 bits of 3.579545 MHz here, as FADT.TMR_VAL_EXT says in QEMU's table 32. */
TEST(pm_timer, "pm-timer", "the ACPI timer at 0x608 goes on", "keelson:pm:timer")
{
	struct patience p = smp_patience(10);
	uint32_t first = in(PM_TIMER, 4);

	while (in(PM_TIMER, 4) == first && !smp_patience_over(&p))
		cpu_relax();
	CHECK_NE(in(PM_TIMER, 4), first);
	test_case("it cannot be written");
	first = in(PM_TIMER, 4);
	out(PM_TIMER, 4, 0);
	CHECK_LE((in(PM_TIMER, 4) - first) & 0xffffff, 3579545 * 10);
}

TEST(pm1, "pm1", "PM1: ACPI goes on and off by the APM port, other commands are no SMI",
     "keelson:pm:pm1")
{
	uint32_t enable = in(PM1_ENABLE, 2);

	test_case("off and on: ICH9_APM_ACPI_DISABLE, ICH9_APM_ACPI_ENABLE");
	out(APM_COMMAND, 1, 3);
	CHECK_EQ(in(PM1_CONTROL, 2) & SCI_EN, 0);
	out(APM_COMMAND, 1, 2);
	CHECK_EQ(in(PM1_CONTROL, 2) & SCI_EN, SCI_EN);
	CHECK_EQ(in(PM1_CONTROL, 1) & SCI_EN, SCI_EN);
	test_case("any other command");
	for (unsigned command = 0; command < 256; command += command == 1 ? 3 : 1)
		out(APM_COMMAND, 1, command);
	CHECK_EQ(in(PM1_CONTROL, 2) & SCI_EN, SCI_EN);
	test_case("APM status is a register");
	out(APM_STATUS, 1, 0x5a);
	CHECK_EQ(in(APM_STATUS, 1), 0x5a);
	test_case("PM1 enable is one");
	out(PM1_ENABLE, 2, 0x100);
	CHECK_EQ(in(PM1_ENABLE, 2), 0x100);
	out(PM1_ENABLE, 2, enable);
	test_case("what lies behind is absent");
	CHECK_EQ(in(0x630, 4), 0);
}

static uint8_t cmos(uint8_t reg)
{
	out(0x70, 1, reg);
	return (uint8_t)in(0x71, 1);
}

static unsigned cmos_word(uint8_t reg)
{
	return cmos(reg) | cmos(reg + 1) << 8;
}

/* mc146818rtc.c: register D says that RAM and time are valid (VRT). */
TEST(cmos_clock, "cmos-clock", "the real-time clock has a date, and says that it is valid",
     "keelson:cmos:clock")
{
	bool binary = cmos(0xb) & BIT(2);
	uint8_t month = cmos(8), day = cmos(7);

	CHECK_EQ(cmos(0xd), 0x80);
	month = binary ? month : (uint8_t)((month >> 4) * 10 + (month & 15));
	day = binary ? day : (uint8_t)((day >> 4) * 10 + (day & 15));
	CHECK(month >= 1 && month <= 12);
	CHECK(day >= 1 && day <= 31);
	test_case("its RAM keeps what is written");
	out(0x70, 1, 0x7e);
	out(0x71, 1, 0xa7);
	CHECK_EQ(cmos(0x7e), 0xa7);
	out(0x71, 1, 0);
}

/* pc_cmos_init(): 64 KiB units above 16 MiB and above 4 GiB, KiB above 1 MiB, CPUs less one. */
TEST(cmos_memory, "cmos-memory", "CMOS tells the guest's RAM and CPUs, whatever is written there",
     "keelson:cmos:ram")
{
	unsigned units = cmos_word(0x34);
	uint64_t low = ((uint64_t)units << 16) + (16ull << 20);

	CHECK_EQ(cmos_word(0x15), 640);
	CHECK_EQ(cmos_word(0x17), MIN((low - (1ull << 20)) >> 10, 0xffffull));
	CHECK_EQ(cmos_word(0x30), cmos_word(0x17));
	CHECK_GE(low, MEM_REGION(MEM_REGIONS));
	CHECK_EQ(cmos(0x5f) + 1u, vmpl_vcpus());
	CHECK_EQ(cmos(0x5b) | cmos(0x5c) | cmos(0x5d), 0); /* the suite has 512 MiB */
	out(0x70, 1, 0x34);
	out(0x71, 1, 0x77);
	CHECK_EQ(cmos_word(0x34), units);
}

/* Intel 8259A, initialization and OCW1; in the way that Linux' probe_8259A() looks for one. */
TEST(pic_registers, "pic-registers", "both 8259As can be initialised and keep their masks",
     "keelson:pic")
{
	static const uint16_t ports[] = {0x20, 0xa0};

	for (unsigned i = 0; i < ARRAY_LEN(ports); i++) {
		test_case("at 0x%x", ports[i]);
		out(ports[i], 1, 0x11);
		out(ports[i] + 1, 1, 0x30);
		out(ports[i] + 1, 1, 4);
		out(ports[i] + 1, 1, 1);
		CHECK_EQ(in(ports[i] + 1, 1), 0); /* no word of those is the mask */
		out(ports[i] + 1, 1, 0xfb);
		CHECK_EQ(in(ports[i] + 1, 1), 0xfb);
		out(ports[i], 1, 0x0a);
		CHECK_EQ(in(ports[i], 1), 0); /* IRR */
		out(ports[i] + 1, 1, 0xff);
	}
}

/* Intel 8254, mode 0: OUT is low from the control word on until the count is through; 55 ms. */
static bool pit_starts(void)
{
	out(0x61, 1, (in(0x61, 1) & ~2u) | 1);
	out(0x43, 1, 0xb0);
	out(0x42, 1, 0xff);
	out(0x42, 1, 0xff);
	return !(in(0x61, 1) & BIT(5));
}

/* i8254.c, and pcspk.c for port 0x61: gate and OUT of channel 2. */
TEST(pit_counts, "pit-counts", "the PIT's channel 2 counts down and says when it is through",
     "keelson:pit")
{
	struct patience p = smp_patience(10);
	bool low = false;

	for (unsigned i = 0; i < 50 && !low; i++)
		low = pit_starts(); /* a busy host may let it pass */
	CHECK(low);
	while (!(in(0x61, 1) & BIT(5)) && !smp_patience_over(&p))
		cpu_relax();
	CHECK(in(0x61, 1) & BIT(5));
	out(0x61, 1, in(0x61, 1) & ~3u);
}

static uint32_t hpet(uint32_t reg)
{
	uint64_t v = 0;

	CHECK(ghcb_mmio_read(HPET + reg, 4, &v));
	return (uint32_t)v;
}

static void hpet_write(uint32_t reg, uint32_t value)
{
	CHECK(ghcb_mmio_write(HPET + reg, 4, value));
}

/* IA-PC HPET 1.0a, 2.3: capabilities, configuration, counter. */
TEST(hpet_counts, "hpet-counts", "the HPET is QEMU's, and its counter goes on", "keelson:hpet")
{
	struct patience p = smp_patience(10);
	uint32_t first;

	CHECK_EQ(hpet(0), 0x8086a201);
	hpet_write(0x10, 1);
	first = hpet(0xf0);
	while (hpet(0xf0) == first && !smp_patience_over(&p))
		cpu_relax();
	CHECK_NE(hpet(0xf0), first);
	hpet_write(0x10, 0);
	first = hpet(0xf0);
	CHECK_EQ(hpet(0xf0), first);
}

/* QEMU 7.2, hw/timer/hpet.c, update_irq(): a message would be a write to any address. */
TEST(hpet_message, "hpet-message", "no timer of the HPET can be made to write to memory",
     "keelson:hpet")
{
	for (uint32_t timer = 0x100; timer < 0x160; timer += 0x20) {
		test_case("timer at 0x%x", timer);
		hpet_write(timer, hpet(timer) | BIT(14));
		CHECK_EQ(hpet(timer) & BIT(14), 0);
		hpet_write(timer + 0x10, 0x12345678);
		hpet_write(timer + 0x14, 0x08000000);
		CHECK_EQ(hpet(timer + 0x14), 0);
		CHECK(ghcb_mmio_write(HPET + timer + 0x10, 8, 0x0800000012345678));
		CHECK_EQ(hpet(timer + 0x14), 0);
		CHECK(ghcb_mmio_write(HPET + timer, 8, BIT(14)));
		CHECK(ghcb_mmio_write(HPET + timer + 1, 1, BIT(6)));
		CHECK_EQ(hpet(timer) & BIT(14), 0);
	}
}

/* hw/acpi/cpu_hotplug.c is absent, as with -machine q35 of a QEMU before it: ones. */
TEST(no_cpu_hotplug, "no-cpu-hotplug", "nothing answers at the ports of CPU hotplug",
     "keelson:ports")
{
	CHECK_EQ(in(CPU_HOTPLUG, 4), 0xffffffff);
	out(CPU_HOTPLUG, 4, 0);
	out(CPU_HOTPLUG + 5, 1, 0);
	CHECK_EQ(in(CPU_HOTPLUG + 8, 4), 0xffffffff);
}
