/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Direct boot of a bzImage at its 64-bit entry: Linux, Documentation/arch/x86/boot.rst. Kernel,
 * initrd and command line were loaded, and measured, by the IGVM launch. They are still checked: a
 * kernel that cannot start here is refused with a reason, instead of a guest that is silent.
 */
#include "boot/linux/acpi.h"
#include "boot/linux/bootparams.h"
#include "boot/linux/e820.h"
#include "boot/guest.h"
#include "log/log.h"
#include "mm/alloc.h"
#include "mm/guest_mem.h"
#include "base/assert.h"
#include "lib/string.h"

#define HEADER_OFFSET offsetof(struct bootparams, hdr)

#define BELOW         0x100000000ull /* what the first page tables map and 32-bit pointers reach */

/* A command line without a NUL would run on into whatever follows it. */
static const char *cmdline_objection(const struct bootparams_header *h, struct launch_range c)
{
	uint8_t last = 0;

	if (c.gpa + c.size > BELOW || c.size > h->cmdline_size + 1ull)
		return "command line too long or too high";
	if (c.size && (!guest_read8(gpa(c.gpa + c.size - 1), &last) || last))
		return "command line without an end";
	return NULL;
}

/* The reason why this kernel cannot be started as it was loaded; NULL: it can. */
static const char *objection(const struct bootparams_header *h, const struct launch_info *info)
{
	if (h->boot_flag != BOOTPARAMS_BOOT_FLAG || h->magic != BOOTPARAMS_MAGIC)
		return "no setup header";
	if (h->version < BOOTPARAMS_VERSION_MIN)
		return "boot protocol too old";
	if (!(h->xloadflags & BOOTPARAMS_XLF_64))
		return "no 64-bit entry";
	if (!h->relocatable_kernel && info->kernel.gpa != h->pref_address)
		return "not relocatable and not at its preferred address";
	if (!h->kernel_alignment || info->kernel.gpa % h->kernel_alignment)
		return "not aligned as it asks";
	if (h->init_size < info->kernel.size ||
	    !memmap_is_guest(gpa(info->kernel.gpa), h->init_size))
		return "does not fit in RAM where it lies";
	if (info->kernel.gpa + h->init_size > BELOW)
		return "above 4 GiB";
	if (info->initrd.gpa + info->initrd.size > MIN(h->initrd_addr_max + 1ull, BELOW))
		return "initrd too high";
	return cmdline_objection(h, info->cmdline);
}

/* Copies the header once and checks the copy. The setup area is readable by VMPL0 since the
 * launch, and the guest does not run yet. Panics when the kernel cannot be started. */
static void read_header(struct bootparams_header *h, const struct launch_info *info)
{
	const char *why = "setup area too small";

	memset(h, 0, sizeof(*h));
	if (info->setup.size >= HEADER_OFFSET + sizeof(*h)) {
		if (!guest_copy_in(h, gpa(info->setup.gpa + HEADER_OFFSET), sizeof(*h)))
			panic("kernel setup area at %#lx cannot be read",
			      (unsigned long)info->setup.gpa);
		why = objection(h, info);
	}
	if (why)
		panic("kernel refused: %s", why);
	/* Behind the header's end lies code of the boot sector, which is not passed on. */
	size_t end = 0x202u + h->jump_offset - HEADER_OFFSET;
	if (end < sizeof(*h))
		memset((char *)h + end, 0, sizeof(*h) - end);
}

uint64_t guest_linux_span(const struct launch_info *info)
{
	struct bootparams_header h;

	read_header(&h, info);
	return h.init_size;
}

/* boot_params begins as zeros with the kernel's own header in it, as boot.rst demands. */
static void fill_header(struct bootparams_header *h, const struct guest_layout *l,
			const struct launch_info *info)
{
	read_header(h, info);
	h->type_of_loader = BOOTPARAMS_LOADER;
	h->vid_mode = 0xffff;
	h->ramdisk_image = (uint32_t)info->initrd.gpa;
	h->ramdisk_size = (uint32_t)info->initrd.size;
	h->cmd_line_ptr = (uint32_t)info->cmdline.gpa;
	h->setup_data = l->blob.v;
}

static bool holds(const struct memmap_range *r, gpa_t g)
{
	return g.v >= r->base.v && g.v - r->base.v < r->size;
}

/* All RAM but the SVSM's. In it the region of the SNP pages is reserved, and that of the tables is
 * ACPI memory; either may cut an entry in three. Ranges that do not fit are RAM that this guest
 * goes without: the highest ones, but never that which holds our two regions. */
static bool fill_e820(struct e820 *e, const struct guest_layout *l)
{
	const struct memmap_range *r;
	unsigned n = memmap_guest_ranges(&r), room = BOOTPARAMS_E820_MAX - 4, from = 0;

	if (n > room)
		log_warn("%u of %u ranges of RAM are left out: boot_params has no room", n - room,
			 n);
	for (unsigned i = 0; i < n; i++) {
		if (holds(&r[i], l->reserved))
			from = i;
	}
	for (unsigned i = 0; i < n; i++) {
		if (i < room - (from >= room) || i == from)
			e820_add(e, r[i].base.v, r[i].size, E820_RAM);
	}
	return e820_carve(e, l->reserved.v, GUEST_REGION, E820_RESERVED) &&
	       e820_carve(e, l->acpi.v, GUEST_ACPI_MAX, E820_ACPI);
}

/* setup_data with the blob behind it: one piece of ordinary RAM, which Linux reserves as a
 * whole. */
static void write_cc(const struct guest_layout *l)
{
	struct bootparams_cc cc = {
		.type = BOOTPARAMS_SETUP_CC_BLOB,
		.len = BOOTPARAMS_CC_LEN,
		.blob_address = (uint32_t)(l->blob.v + offsetof(struct bootparams_cc, blob)),
		.blob = guest_environment_blob(l),
	};

	guest_put(l->blob, &cc, sizeof(cc));
}

/* boot_params is built in SVSM memory and copied out once, complete. */
void guest_linux_write(const struct guest_layout *l, const struct launch_info *info, uint64_t *rip,
		       uint64_t *rsi)
{
	struct bootparams *bp = alloc_page();
	struct e820 *e = alloc_page();

	if (!bp || !e || !fill_e820(e, l))
		panic("no room for boot_params");
	fill_header(&bp->hdr, l, info);
	bp->acpi_rsdp_addr = acpi_write(l->acpi, GUEST_ACPI_MAX);
	bp->e820_entries = (uint8_t)e->count;
	memcpy(bp->e820, e->entry, e->count * sizeof(e->entry[0]));
	guest_put(l->boot_params, bp, sizeof(*bp));
	write_cc(l);
	alloc_page_free(bp);
	alloc_page_free(e);
	*rip = info->kernel.gpa + BOOTPARAMS_ENTRY_64;
	*rsi = l->boot_params.v;
}
