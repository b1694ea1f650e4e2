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

TEST(mmio_above_4g, "mmio-above-4g", "a 64-bit BAR works wherever there is no RAM",
     "keelson:mmio64")
{
	/* Linux, from the window of a q35's tables; the SVSM's DSDT; OVMF, by 48 address bits
	 * (edk2, OvmfPkg/Library/PlatformInitLib/MemDetect.c, PlatformDynamicMmioWindow()); the
	 * last */
	static const uint64_t places[] = {4 * SIZE_1G,
					  0x8ffe00000,
					  Q35_MMIO64_BASE,
					  Q35_MMIO64_BASE + 5 * SIZE_1G,
					  Q35_MMIO64_END - SIZE_2M,
					  0x380000000000,
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
