/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Which registers of the chipset a guest may write: Intel 82Q35 MCH, device 0; ICH9, device 31.
 *
 * sources: launch/machine/dev/pci/pcirule.c
 */
#include "machine/dev/pci/pcirule.h"
#include "tests/native/check.h"

#define MCH 0x0000
#define LPC 0x00f8

static bool kept(uint16_t function, uint16_t reg, unsigned len)
{
	const struct pci_write w = {function, reg, len, 0};

	return pcirule_kept(&w);
}

static uint64_t exbar(uint64_t now, uint16_t reg, unsigned len, uint32_t value)
{
	const struct pci_write w = {MCH, reg, len, value};

	return pcirule_pciexbar(now, &w);
}

TEST(registers_that_are_kept)
{
	CHECK(kept(MCH, 0x90, 1)); /* PAM0 */
	CHECK(kept(MCH, 0x94, 4)); /* PAM4..6 */
	CHECK(kept(MCH, 0x9c, 4)); /* SMRAM, ESMRAMC */
	CHECK(kept(MCH, 0x9e, 1));
	CHECK(kept(LPC, 0x40, 4)); /* PMBASE */
	CHECK(kept(LPC, 0x41, 1));
	CHECK(kept(LPC, 0x44, 1)); /* ACPI_CNTL */
	CHECK(kept(LPC, 0xf0, 4)); /* RCBA */
	CHECK(kept(LPC, 0xf3, 1));
}

TEST(others_are_the_guests)
{
	CHECK(!kept(MCH, 0x04, 2));
	CHECK(!kept(MCH, 0x8c, 4));
	CHECK(!kept(MCH, 0xa0, 4));
	CHECK(!kept(LPC, 0x3c, 4));
	CHECK(!kept(LPC, 0x60, 4)); /* PIRQs */
	CHECK(!kept(0x0008, 0x90, 4));
	CHECK(!kept(0x0100, 0x40, 4));
}

TEST(pciexbar_is_followed)
{
	CHECK_EQ(exbar(0xb0000001, 0x60, 4, 0), 0);
	CHECK_EQ(exbar(0xb0000000, 0x60, 1, 1), 0xb0000001);
	CHECK_EQ(exbar(0xb0000001, 0x62, 2, 0xe000), 0xe0000001);
	CHECK_EQ(exbar(0xb0000001, 0x64, 4, 1), 0x1b0000001);
	CHECK_EQ(exbar(0xb0000001, 0x67, 1, 0x80), 0x80000000b0000001);
	CHECK_EQ(exbar(0xb0000001, 0x68, 4, 1), 0xb0000001);
	CHECK_EQ(exbar(0xb0000001, 0x5c, 4, 1), 0xb0000001);
}

/* 256, 128 and 64 MiB; the base has so many bits less. */
TEST(where_configuration_lies)
{
	uint64_t base, size;

	CHECK(pcirule_ecam(0xb4000001, &base, &size));
	CHECK_EQ(base, 0xb0000000);
	CHECK_EQ(size, 256ull << 20);
	CHECK(pcirule_ecam(0xb4000005, &base, &size));
	CHECK_EQ(base, 0xb4000000);
	CHECK_EQ(size, 64ull << 20);
	CHECK(!pcirule_ecam(0xb0000000, &base, &size));
	CHECK(!pcirule_ecam(0xb0000007, &base, &size));
}

TEST(values_that_are_taken)
{
	CHECK(pcirule_pciexbar_ok(0xb0000001));
	CHECK(pcirule_pciexbar_ok(0xe0000001));
	CHECK(pcirule_pciexbar_ok(0xf0000000));  /* off */
	CHECK(!pcirule_pciexbar_ok(0xf0000001)); /* over the IOAPIC and the IOMMU */
	CHECK(pcirule_pciexbar_ok(0xf0000003));
	CHECK(!pcirule_pciexbar_ok(0xf8000003));
	CHECK(!pcirule_pciexbar_ok(0xb0000007));  /* no size */
	CHECK(!pcirule_pciexbar_ok(0x1b0000001)); /* above 4 GiB */
}
