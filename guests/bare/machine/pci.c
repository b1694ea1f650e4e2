/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Device memory above 4 GiB, where firmware and operating systems place 64-bit BARs; and
 * registers that no guest finds. */
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"
#include "abi/machine.h"
#include "abi/q35.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define COMMAND        0x04
#define COMMAND_MEMORY BIT(1)
#define BAR(n)         (0x10 + 4u * (n))
#define BAR_KIND       7u
#define BAR_64         4u
#define VIRTIO_VENDOR  0x1af4
/* virtio 1.x, 4.1.4.3: the common configuration, at offset 0 of QEMU's BAR 4 */
#define FEATURE_SELECT 0
#define FEATURES       4
#define VERSION_1      BIT(0) /* with select 1: bit 32 of the features */

static uint32_t config_read(unsigned slot, unsigned reg)
{
	uint32_t v = 0;

	CHECK(ghcb_out(CONFIG_ADDRESS, 4, 1u << 31 | slot << 11 | reg));
	CHECK(ghcb_in(CONFIG_DATA, 4, &v));
	return v;
}

static void config_write(unsigned slot, unsigned reg, uint32_t value)
{
	CHECK(ghcb_out(CONFIG_ADDRESS, 4, 1u << 31 | slot << 11 | reg));
	CHECK(ghcb_out(CONFIG_DATA, 4, value));
}

static bool find(unsigned *slot)
{
	for (*slot = 0; *slot < 32; ++*slot) {
		if ((config_read(*slot, 0) & 0xffff) == VIRTIO_VENDOR &&
		    (config_read(*slot, BAR(4)) & BAR_KIND) == BAR_64)
			return true;
	}
	return false;
}

static void place(unsigned slot, uint64_t at, uint32_t kind)
{
	uint32_t command = config_read(slot, COMMAND) & 0xffff;

	config_write(slot, COMMAND, command & ~(uint32_t)COMMAND_MEMORY);
	config_write(slot, BAR(4), (uint32_t)at | kind);
	config_write(slot, BAR(5), (uint32_t)(at >> 32));
	config_write(slot, COMMAND, command | COMMAND_MEMORY);
}

static void check_device(uint64_t at)
{
	uint64_t v = 0;

	CHECK(ghcb_mmio_write(at + FEATURE_SELECT, 4, 1));
	CHECK(ghcb_mmio_read(at + FEATURE_SELECT, 4, &v));
	CHECK_EQ(v, 1);
	CHECK(ghcb_mmio_read(at + FEATURES, 4, &v));
	CHECK_EQ(v & VERSION_1, VERSION_1);
	CHECK_NE(v, 0xffffffff);
}

/* edk2, OvmfPkg/Library/PlatformInitLib/MemDetect.c, PlatformAddressWidthFromCpuid() and
 * PlatformDynamicMmioWindow(): the last eighth of what the address bits reach, at most 46 of them.
 */
static uint64_t ovmf_window(void)
{
	uint32_t r[4] = {0};

	CHECK(ghcb_cpuid(0x80000008, 0, r));
	return 7ull << (MIN(r[0] & 0xff, 46u) - 3);
}

TEST(mmio_above_4g, "mmio-above-4g", "a 64-bit BAR works wherever there is no RAM",
     "keelson:mmio64")
{
	/* Linux, from the window of a q35's tables; the SVSM's DSDT; OVMF; the last */
	const uint64_t places[] = {4 * SIZE_1G,
				   0x8ffe00000,
				   Q35_MMIO64_BASE,
				   Q35_MMIO64_BASE + 5 * SIZE_1G,
				   Q35_MMIO64_END - SIZE_2M,
				   ovmf_window(),
				   BIT(MACHINE_CBIT) - SIZE_2M};
	uint64_t first, v = 0;
	uint32_t kind;
	unsigned slot;

	if (!find(&slot))
		test_skip("no virtio device with a 64-bit BAR 4");
	kind = config_read(slot, BAR(4)) & 0xf;
	first = (config_read(slot, BAR(4)) & ~0xfu) | (uint64_t)config_read(slot, BAR(5)) << 32;
	place(slot, first, kind);
	check_device(first);
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		test_case("at 0x%llx", (unsigned long long)places[i]);
		place(slot, places[i], kind);
		check_device(places[i]);
	}
	test_case("nothing there, and beyond the guest's addresses");
	place(slot, first, kind);
	CHECK(ghcb_mmio_read(Q35_MMIO64_BASE, 4, &v)); /* QEMU answers 0 */
	CHECK(ghcb_mmio_read(BIT(MACHINE_CBIT), 4, &v));
	CHECK_EQ(v, 0xffffffff);
	check_device(first);
}

/* The IOMMU that keeps devices from private memory is the monitor's: docs/monitor.md, "Devices". */
TEST(iommu_hidden, "iommu-hidden", "the IOMMU's registers are nobody's: ones, and no write arrives",
     "keelson:iommu-hidden")
{
	static const struct {
		uint64_t reg;
		unsigned size;
	} accesses[] = {{0, 4}, {0x08, 8}, {0x1c, 4}, {0xffc, 4}, {0x220, 8}};
	uint64_t v;

	for (unsigned i = 0; i < ARRAY_LEN(accesses); i++) {
		uint64_t at = 0xfed90000 + accesses[i].reg;

		test_case("0x%llx, %u bytes", (unsigned long long)at, accesses[i].size);
		v = 0;
		CHECK(ghcb_mmio_read(at, accesses[i].size, &v));
		CHECK_EQ(v, accesses[i].size == 8 ? ~0ull : 0xffffffff);
		CHECK(ghcb_mmio_write(at, accesses[i].size, 0));
	}
	test_case("a quadword that reaches into them");
	v = 0;
	CHECK(ghcb_mmio_read(0xfed8fffc, 8, &v));
	CHECK_EQ(v, ~0ull);
}

/* The last bytes below 4 GiB and the first ones above have different translations of the monitor's.
 */
TEST(mmio_at_4g, "mmio-at-4g", "an access that crosses 4 GiB is answered", "keelson:mmio64")
{
	static const struct {
		uint64_t at;
		unsigned size;
	} accesses[] = {{0xfffffffc, 8}, {0xfffffffe, 4}, {0xffffffff, 2}, {0x100000000, 8}};
	uint64_t v;

	for (unsigned i = 0; i < ARRAY_LEN(accesses); i++) {
		test_case("0x%llx, %u bytes", (unsigned long long)accesses[i].at, accesses[i].size);
		CHECK(ghcb_mmio_read(accesses[i].at, accesses[i].size, &v));
		CHECK(ghcb_mmio_write(accesses[i].at, accesses[i].size, 0));
	}
}

#define LPC_SLOT 31
#define ECAM_BIT BIT(0)

/* A register of the chipset that is to keep what it has, whichever way it is written. */
static void check_kept(unsigned slot, unsigned reg, uint32_t value)
{
	uint32_t before = config_read(slot, reg), exbar = config_read(0, 0x60);
	uint64_t ecam = (exbar & 0xfc000000) + (uint64_t)(slot << 15 | reg);

	test_case("00:%02x.0 0x%x = 0x%x", slot, reg, value);
	config_write(slot, reg, value);
	CHECK_EQ(config_read(slot, reg), before);
	CHECK(ghcb_out(CONFIG_ADDRESS, 4, 1u << 31 | slot << 11 | reg));
	for (unsigned i = 0; i < 4; i += 2)
		CHECK(ghcb_out((uint16_t)(CONFIG_DATA + i), 2, value >> 8 * i & 0xffff));
	CHECK_EQ(config_read(slot, reg), before);
	for (unsigned i = 0; i < 4; i++)
		CHECK(ghcb_out((uint16_t)(CONFIG_DATA + i), 1, value >> 8 * i & 0xff));
	CHECK_EQ(config_read(slot, reg), before);
	if (!(exbar & ECAM_BIT))
		return;
	CHECK(ghcb_mmio_write(ecam, 4, value));
	CHECK_EQ(config_read(slot, reg), before);
	CHECK(ghcb_mmio_write(ecam - 4, 8, (uint64_t)value << 32 | config_read(slot, reg - 4)));
	CHECK_EQ(config_read(slot, reg), before);
}

/* Intel 82Q35 MCH and ICH9: what would put other things where RAM, the IOMMU and power management
 * are. Where it would work at once, values are taken that do no harm. */
TEST(pci_chipset, "pci-chipset", "no register of the chipset moves what lies under the guest",
     "keelson:pci-chipset")
{
	check_kept(0, 0x90, 0x11111111); /* PAM0..3: read only shadows */
	check_kept(0, 0x94, 0x00111111); /* PAM4..6 */
	check_kept(0, 0x9c, 0x00024a00); /* SMRAM with D_OPEN */
	check_kept(LPC_SLOT, 0x40, 0x681);
	check_kept(LPC_SLOT, 0x44, 0);
	check_kept(LPC_SLOT, 0xf0, 0xd0000001); /* RCBA */
	if (!(config_read(0, 0x60) & ECAM_BIT))
		config_write(0, 0x60, 0xb0000000 | ECAM_BIT);
	check_kept(0, 0x60, 0xf0000000 | ECAM_BIT); /* PCIEXBAR over the APICs and the IOMMU */
	check_kept(0, 0x60, 0x00000000 | ECAM_BIT); /* and over RAM */
	check_kept(0, 0x64, 1);
}
