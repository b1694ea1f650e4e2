/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/acpi/acpi_platform.h"
#include "machine/dev/acpi/acpi_table.h"
#include "abi/machine.h"
#include "abi/q35.h"
#include "lib/string.h"

#define MIB        (1ull << 20)
#define PCI32_END  0xfec00000ull /* the IOAPIC */
#define ECAM_BUS   MIB           /* bytes a bus */

#define EXBAR_ON   BIT(0)
#define EXBAR_SIZE 1 /* two bits from here on */
#define EXBAR_BASE 0xffc000000ull

/* What is on, in 256, 128 or 64 MiB, and lies where a window can go around it. */
static bool ecam_at(uint64_t pciexbar, uint64_t low_end, uint64_t *base, uint64_t *size)
{
	unsigned code = pciexbar >> EXBAR_SIZE & 3;

	*size = 256 * MIB >> code;
	*base = pciexbar & EXBAR_BASE & ~(*size - 1);
	return (pciexbar & EXBAR_ON) && code < 3 && *base > low_end && *base + *size < PCI32_END;
}

struct acpi_windows acpi_windows_find(uint64_t pciexbar, uint64_t low_end)
{
	struct acpi_windows w = {
		.below = low_end,
		.above_end = PCI32_END - 1,
		.high = Q35_MMIO64_BASE,
		.high_end = BIT(MACHINE_CBIT) - 1,
	};
	uint64_t base, size;

	if (ecam_at(pciexbar, low_end, &base, &size)) {
		w.ecam = base;
		w.ecam_end = base + size - 1;
		w.below_end = base - 1;
		w.above = base + size;
	} else {
		w.below_end = PCI32_END - 16 * MIB - 1;
		w.above = w.below_end + 1;
	}
	return w;
}

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
 * controller. */
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

struct mcfg {
	struct acpi_header h;
	uint64_t rsvd;
	uint64_t base;
	uint16_t segment;
	uint8_t first_bus, last_bus;
	uint32_t rsvd_38;
} PACKED;
ABI_SIZE(struct mcfg, 60, "PCI Firmware 3.0, table 4-2 and 4-3");

/* QEMU's entry names every bus that there is room for. Linux then looks for 32 devices on each of
 * them by ports 0xcf8 and 0xcfc (pcibios_fixup_peer_bridges()), which a guest of SEV-ES pays for
 * with four exits a device. */
uint32_t acpi_mcfg(void *p, const struct acpi_windows *w)
{
	struct mcfg t = {.base = w->ecam};
	uint64_t room = (w->ecam_end - w->ecam + 1) / ECAM_BUS;

	if (!p)
		return sizeof(t);
	t.last_bus = (uint8_t)MIN(room - 1, (uint64_t)w->last_bus);
	memcpy(p, &t, sizeof(t));
	acpi_seal(p, "MCFG", 1, w->ecam ? sizeof(t) : offsetof(struct mcfg, base));
	return sizeof(t);
}

/* ACPI 6.5, 20.2: Name(NAME, QWordConst) */
struct aml_name {
	uint8_t op;
	char name[4];
	uint8_t prefix;
	uint64_t value;
} PACKED;
ABI_SIZE(struct aml_name, 14, "ACPI 20.2.5.1: DefName");

#define AML_NAME  0x08
#define AML_QWORD 0x0e

uint32_t acpi_values(void *p, const struct acpi_windows *w)
{
	static const char names[][5] = {"ECMB", "ECME", "P0MB", "P0ME",
					"P1MB", "P1ME", "P2MB", "P2ME"};
	const uint64_t values[] = {w->ecam,  w->ecam_end,  w->below, w->below_end,
				   w->above, w->above_end, w->high,  w->high_end};
	uint32_t length = sizeof(struct acpi_header) + sizeof(names) / 5 * sizeof(struct aml_name);
	struct aml_name *n;

	if (!p)
		return length;
	n = (void *)((uint8_t *)p + sizeof(struct acpi_header));
	for (unsigned i = 0; i < ARRAY_LEN(values); i++) {
		n[i] = (struct aml_name){AML_NAME, {0}, AML_QWORD, values[i]};
		memcpy(n[i].name, names[i], sizeof(n[i].name));
	}
	acpi_seal(p, "SSDT", 2, length);
	return length;
}
