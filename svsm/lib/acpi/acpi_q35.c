/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "lib/acpi/acpi_q35.h"
#include "lib/acpi/acpi_table.h"
#include "abi/q35.h"
#include "lib/string.h"

struct facs {
	char signature[4];
	uint32_t length;
	uint8_t rsvd[56];
} PACKED;
ABI_SIZE(struct facs, 64, "ACPI 5.2.10: FACS");

uint32_t acpi_facs(void *p)
{
	struct facs f = {{'F', 'A', 'C', 'S'}, sizeof(f), {0}};

	if (p)
		memcpy(p, &f, sizeof(f));
	return sizeof(f);
}

struct fadt {
	struct acpi_header h;
	uint32_t facs, dsdt;
	uint8_t rsvd_2c, profile;
	uint16_t sci;
	uint32_t smi_cmd;
	uint8_t acpi_enable, acpi_disable, s4bios, pstate;
	uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len, gpe0_len, gpe1_len, gpe1_base,
		cst;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_arch;
	uint8_t rsvd_6f;
	uint32_t flags;
	struct acpi_gas reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	struct acpi_gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt, x_pm_tmr, x_gpe0,
		x_gpe1;
} PACKED;
ABI_OFFSET(struct fadt, facs, ACPI_FADT_FACS, "ACPI 5.2.9: FIRMWARE_CTRL");
ABI_OFFSET(struct fadt, dsdt, ACPI_FADT_DSDT, "ACPI 5.2.9: DSDT");
ABI_OFFSET(struct fadt, pm1a_evt, 56, "ACPI 5.2.9: PM1a_EVT_BLK");
ABI_OFFSET(struct fadt, boot_arch, 109, "ACPI 5.2.9: IAPC_BOOT_ARCH");
ABI_OFFSET(struct fadt, x_dsdt, ACPI_FADT_X_DSDT, "ACPI 5.2.9: X_DSDT");
ABI_SIZE(struct fadt, 244, "ACPI 5.2.9: FADT revision 3");

#define FADT_WBINVD         BIT(0)
#define FADT_PROC_C1        BIT(2)
#define FADT_SLP_BUTTON     BIT(5) /* set: no fixed one */
#define FADT_RESET_REG      BIT(10)
#define FADT_PLATFORM_CLOCK BIT(15)
#define ARCH_LEGACY         BIT(0)
#define ARCH_NO_VGA         BIT(2)
#define NO_C2               0xfff /* latencies above 100 and 1000 us: there is none */
#define CENTURY             0x32  /* CMOS */

static struct acpi_gas port(uint16_t at, uint8_t width)
{
	return (struct acpi_gas){1, width, 0, 0, at};
}

/* QEMU 7.2, hw/i386/acpi-build.c, init_common_fadt_data(); without GPEs, and without a keyboard
 * controller. Nothing says NO_CMOS_RTC (boot_arch bit 5): the clock is there. */
uint32_t acpi_fadt(void *p)
{
	struct fadt f = {
		.sci = 9,
		.smi_cmd = 0xb2,
		.acpi_enable = 2,
		.acpi_disable = 3,
		.pm1a_evt = Q35_PM_BASE,
		.pm1a_cnt = Q35_PM_BASE + 4,
		.pm_tmr = Q35_PM_BASE + 8,
		.pm1_evt_len = 4,
		.pm1_cnt_len = 2,
		.pm_tmr_len = 4,
		.c2_latency = NO_C2,
		.c3_latency = NO_C2,
		.century = CENTURY,
		.boot_arch = ARCH_LEGACY | ARCH_NO_VGA,
		.flags = FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON | FADT_RESET_REG |
			 FADT_PLATFORM_CLOCK,
		.reset_reg = port(Q35_RESET_PORT, 8),
		.reset_value = 0xf,
		.x_pm1a_evt = port(Q35_PM_BASE, 32),
		.x_pm1a_cnt = port(Q35_PM_BASE + 4, 16),
		.x_pm_tmr = port(Q35_PM_BASE + 8, 32),
	};

	if (p) {
		memcpy(p, &f, sizeof(f));
		acpi_seal(p, "FACP", 3, sizeof(f));
	}
	return sizeof(f);
}

struct hpet {
	struct acpi_header h;
	uint32_t block_id;
	struct acpi_gas address;
	uint8_t number;
	uint16_t min_tick;
	uint8_t protection;
} PACKED;
ABI_SIZE(struct hpet, 56, "IA-PC HPET 1.0a, 3.2.4");

/* hw/i386/acpi-build.c, build_hpet() */
uint32_t acpi_hpet(void *p)
{
	struct hpet t = {.block_id = 0x8086a201, .address = {0, 0, 0, 0, 0xfed00000}};

	if (p) {
		memcpy(p, &t, sizeof(t));
		acpi_seal(p, "HPET", 1, sizeof(t));
	}
	return sizeof(t);
}

/* ---- What the MADT says of interrupts ---- */

#define LEVEL_HIGH 0x000d /* ACPI 5.2.12.5, table 5.26: active high, level-triggered */

static const struct wires {
	struct ioapic {
		uint8_t type, length, id, reserved;
		uint32_t address, gsi_base;
	} PACKED ioapic;
	struct override {
		uint8_t type, length, bus, irq;
		uint32_t gsi;
		uint16_t flags;
	} PACKED override[5];
} PACKED wires = {
	.ioapic = {1, sizeof(struct ioapic), 0, 0, ACPI_IOAPIC_ADDRESS, 0},
	.override = {{2, 10, 0, 0, 2, 0},
		     {2, 10, 0, 5, 5, LEVEL_HIGH},
		     {2, 10, 0, 9, 9, LEVEL_HIGH},
		     {2, 10, 0, 10, 10, LEVEL_HIGH},
		     {2, 10, 0, 11, 11, LEVEL_HIGH}},
};
ABI_SIZE(struct ioapic, 12, "ACPI 5.2.12.3: I/O APIC structure");
ABI_SIZE(struct override, 10, "ACPI 5.2.12.5: interrupt source override structure");

uint32_t acpi_wires(void *p)
{
	if (p)
		memcpy(p, &wires, sizeof(wires));
	return sizeof(wires);
}
