/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What is shown: QEMU's files that say nothing of the machine under the guest, by a list of those
 * that may be seen, and the machine's own in place of the others. QEMU's kernel is the monitor, its
 * RAM and CPUs are more than the guest's.
 */
#include "machine/dev/fwcfg/fwshow.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/fwcfg/fwacpi.h"
#include "machine/dev/fwcfg/fwe820.h"
#include "machine/dev/fwcfg/fwitem.h"
#include "machine/dev/fwcfg/fwkernel.h"
#include "machine/host/mem/guest_ram.h"
#include "lib/string.h"

/* QEMU, include/standard-headers/linux/qemu_fw_cfg.h */
#define KEY_SIGNATURE 0x00
#define KEY_ID        0x01
#define KEY_UUID      0x02
#define KEY_RAM_SIZE  0x03
#define KEY_NOGRAPHIC 0x04
#define KEY_NB_CPUS   0x05
#define KEY_BOOT_MENU 0x0e
#define KEY_MAX_CPUS  0x0f
#define ID_DMA        3u /* bit 0: there is a device; bit 1: with DMA */

/* etc/system-states: S3 and S4 are not there (hw/isa/lpc_ich9.c and hw/i386/fw_cfg.c). A guest of
 * SEV-SNP cannot sleep: nobody keeps its VMSAs. */
static const uint8_t system_states[6] = {0x80, 0, 0, 1, 0, 0x80};

/* A prefix where it ends in a slash. */
static const char *const shown[] = {
	"bootorder",          "bios-geometry", "etc/smbios/", "etc/boot-menu-wait",
	"etc/boot-fail-wait", "etc/edk2/",     "opt/",
};

#define OURS "opt/org.keelson/"

static bool fits(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '/' ? !strncmp(name, pattern, n) : !strcmp(name, pattern);
}

static bool may_be_seen(const char *name)
{
	if (fits(OURS, name))
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(shown); i++)
		if (fits(shown[i], name))
			return true;
	return false;
}

static void files(void)
{
	struct fwcfg_file f;
	char name[FWITEM_NAME];

	for (unsigned n = 0; fwcfg_entry(n, &f, name); n++)
		if (may_be_seen(name))
			fwitem_file_real(name, &f);
}

static void real_key(uint16_t key, uint32_t size)
{
	const struct fwcfg_file f = {.select = key, .size = size};

	fwitem_key_real(key, &f, 0, size);
}

/* Returns where low RAM ends. */
static uint64_t memory(void)
{
	static struct fwe820_entry map[FWE820_MAX];
	static uint64_t total;
	const struct host_range *r;
	unsigned n = host_guest_ranges(&r), entries = fwe820_make(map, r, n);

	total = fwe820_ram(map, entries);
	fwitem_key(KEY_RAM_SIZE, &total, sizeof(total));
	fwitem_file("etc/e820", map, entries * (uint32_t)sizeof(map[0]));
	return fwe820_low_end(map, entries);
}

/* MAX_CPUS counts APIC IDs: hw/i386/pc.c, apic_id_limit. */
static void cpus(void)
{
	unsigned n = machine_guest_vcpus();

	fwitem_u16(KEY_NB_CPUS, (uint16_t)n);
	fwitem_u16(KEY_MAX_CPUS, (uint16_t)(machine_vcpus[n - 1]->apic_id + 1));
}

void fwshow_init(void)
{
	static const char signature[4] = {'Q', 'E', 'M', 'U'};
	uint64_t low_end;

	fwitem_key(KEY_SIGNATURE, signature, sizeof(signature));
	fwitem_u32(KEY_ID, ID_DMA);
	real_key(KEY_UUID, 16);
	real_key(KEY_NOGRAPHIC, 2);
	real_key(KEY_BOOT_MENU, 2);
	files();
	fwitem_file("etc/system-states", system_states, sizeof(system_states));
	fwacpi_show();
	low_end = memory();
	cpus();
	fwkernel_show(low_end);
	fwitem_seal();
}
