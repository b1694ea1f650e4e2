/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The ACPI tables as firmware gets them by fw_cfg: QEMU, hw/acpi/bios-linker-loader.c. Whether they
 * are good is ACPICA's to say (tests/native/test_acpi.c); here they must fit this machine.
 */
#include "bare/machine/fwcfg_read.h"
#include "abi/ghcb.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define PCIEXBAR       0x60 /* Intel 82Q35 MCH, device 0: bit 0 enable, [2:1] 0 for 256 MiB */
#define OTHER_ECAM     0xd0000000u

struct table {
	char signature[4];
	uint32_t length;
} PACKED;

static uint8_t tables[8192];

static uint32_t config_read(unsigned reg)
{
	uint32_t v = 0;

	CHECK(ghcb_out(CONFIG_ADDRESS, 4, 1u << 31 | reg));
	CHECK(ghcb_in(CONFIG_DATA, 4, &v));
	return v;
}

static void config_write(unsigned reg, uint32_t value)
{
	CHECK(ghcb_out(CONFIG_ADDRESS, 4, 1u << 31 | reg));
	CHECK(ghcb_out(CONFIG_DATA, 4, value));
}

/* How many bytes there are. */
static uint32_t read_tables(void)
{
	struct fwcfg_entry e = {0};
	uint32_t n = 0;

	REQUIRE(fwcfg_find("etc/acpi/tables", &e));
	REQUIRE(e.size <= sizeof(tables));
	fwcfg_select(e.key);
	for (uint32_t some; n < e.size; n += some) {
		some = MIN(e.size - n, (uint32_t)GHCB_BUFFER_SIZE);
		fwcfg_read_string(tables + n, some);
	}
	return n;
}

/* They stand behind each other, at multiples of 16. */
static const uint8_t *find(const char *signature, uint32_t size)
{
	const struct table *t;

	for (uint32_t at = 0; at + sizeof(*t) < size; at += (uint32_t)ALIGN_UP(t->length, 16)) {
		t = (const void *)(tables + at);
		if (!memcmp(t->signature, signature, 4))
			return (const uint8_t *)t;
		if (!t->length)
			break;
	}
	return NULL;
}

static uint64_t ecam(void)
{
	const uint8_t *mcfg = find("MCFG", read_tables());
	uint64_t base = 0;

	REQUIRE(mcfg);
	memcpy(&base, mcfg + 44, sizeof(base));
	return base;
}

/* hw/i386/acpi-build.c, acpi_build_update(): tables are made when the guest selects them. */
TEST(acpi_ecam, "acpi-ecam", "MCFG tells where the firmware has put PCIe's configuration space",
     "keelson:acpi:fits")
{
	uint32_t kept = config_read(PCIEXBAR);

	CHECK_EQ(kept & 7, 1);
	CHECK_EQ(ecam(), kept & ~7u);
	test_case("moved");
	config_write(PCIEXBAR, OTHER_ECAM | 1);
	CHECK_EQ(ecam(), OTHER_ECAM);
	CHECK_EQ(config_read(PCIEXBAR), OTHER_ECAM | 1);
	config_write(PCIEXBAR, kept);
	CHECK_EQ(ecam(), kept & ~7u);
}

/* A q35 without a bridge has one bus. What else has a number Linux asks for 32 devices. */
TEST(acpi_buses, "acpi-buses", "MCFG names the buses that have a number, and no others",
     "keelson:acpi:buses")
{
	const uint8_t *mcfg = find("MCFG", read_tables());

	REQUIRE(mcfg);
	CHECK_EQ(mcfg[54], 0);
	CHECK_EQ(mcfg[55], 0);
}

/* ACPI 6.5, 5.2.12.2 */
TEST(acpi_cpus, "acpi-cpus", "the MADT has the guest's CPUs", "keelson:cpus-agree")
{
	const uint8_t *madt = find("APIC", read_tables());
	uint32_t length, n = 0;

	REQUIRE(madt);
	memcpy(&length, madt + 4, sizeof(length));
	for (uint32_t at = 44; at + 2 <= length && madt[at + 1]; at += madt[at + 1])
		n += madt[at] == 0 && (madt[at + 4] & 1);
	CHECK_EQ(n, vmpl_vcpus());
}

/* hw/acpi/bios-linker-loader.c: 128 bytes a command; RSDP into the segment at 0xf0000 */
TEST(acpi_script, "acpi-script", "the script for the firmware allocates two files, then links them",
     "keelson:acpi:script")
{
	static uint8_t script[GHCB_BUFFER_SIZE];
	struct fwcfg_entry e = {0};
	unsigned count[4] = {0};

	REQUIRE(fwcfg_find("etc/acpi/rsdp", &e));
	CHECK_EQ(e.size, 36);
	REQUIRE(fwcfg_find("etc/table-loader", &e));
	REQUIRE(e.size % 128 == 0 && e.size <= sizeof(script));
	fwcfg_select(e.key);
	fwcfg_read_string(script, e.size);
	for (uint32_t at = 0; at < e.size; at += 128) {
		REQUIRE(script[at] >= 1 && script[at] <= 3);
		count[script[at]]++;
		CHECK(script[at] == 1 || count[1] == 2);
	}
	CHECK_GE(count[2], 8);
	CHECK_GE(count[3], 4);
}
