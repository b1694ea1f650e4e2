/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A Linux guest in the IGVM file. The kernel's protected-mode part lies where it will run,
 * behind it initrd, command line and the bzImage's setup sectors, of which the SVSM makes
 * boot_params (svsm/boot/linux). So the kernel's own header is measured with the rest, and no
 * boot loader is needed in the guest.
 */
#include "harness/core/util.h"
#include "harness/igvm/build.h"
#include "harness/igvm/cpio.h"
#include "harness/igvm/events.h"
#include "harness/igvm/linux_version.h"

#include <inttypes.h>
#include <string.h>

/* The x86 boot protocol (Linux Documentation/arch/x86/boot.rst): offsets in the first sectors */
#define SYSSIZE       0x1f4 /* of what follows the setup sectors, in 16 bytes */
#define BOOT_FLAG     0x1fe
#define HEADER_MAGIC  0x202
#define VERSION       0x206
#define INITRD_MAX    0x22c
#define RELOCATABLE   0x234
#define XLOADFLAGS    0x236
#define CMDLINE_SIZE  0x238
#define INIT_SIZE     0x260
#define HEADER_END    0x264
#define PROTOCOL_64   0x20c /* the first one with a 64-bit entry */
#define XLF_KERNEL_64 1

/*
 * Fields of a bzImage are little-endian and not aligned. The caller has checked that the file
 * is long enough.
 */
static uint16_t get16(const struct blob *b, size_t at)
{
	uint16_t v;

	memcpy(&v, b->data + at, sizeof(v));
	return v;
}

static uint32_t get32(const struct blob *b, size_t at)
{
	uint32_t v;

	memcpy(&v, b->data + at, sizeof(v));
	return v;
}

static bool is_bzimage(const struct blob *k)
{
	return k->size >= HEADER_END && get16(k, BOOT_FLAG) == 0xaa55 &&
	       memcmp(k->data + HEADER_MAGIC, "HdrS", 4) == 0;
}

/* The SVSM enters the kernel in 64-bit mode, at an address that the kernel did not choose. */
static bool check_kernel(const char *path, const struct blob *k)
{
	if (!is_bzimage(k))
		return igvm_fail("%s: no Linux bzImage", path);
	if (get16(k, VERSION) < PROTOCOL_64 || !(get16(k, XLOADFLAGS) & XLF_KERNEL_64))
		return igvm_fail("%s: a kernel without a 64-bit entry point", path);
	if (!k->data[RELOCATABLE])
		return igvm_fail("%s: the kernel is not relocatable", path);
	return true;
}

/* Not refused: a distribution may have carried the support back to an older kernel. */
static void warn_of_age(const char *path, const struct blob *k)
{
	char version[LINUX_VERSION_MAX];

	if (linux_version(k, version) && !linux_knows_svsm(version))
		problem("warning: %s is Linux %.*s: before 6.11 none runs under an SVSM", path,
			(int)strcspn(version, " "), version);
}

/*
 * Ranges end on a 2M boundary, filled up with pages of zeroes that take no room in the file: the
 * SVSM then hands the guest 2M pages, where it can, and never 512 pages one by one.
 */
static void add_padded(struct image *m, uint64_t gpa, const void *data, size_t size, uint64_t end)
{
	static const uint8_t zeroes[PAGE_SIZE];

	image_add(m, gpa, data, size);
	for (uint64_t at = ALIGN_UP(gpa + size, PAGE_SIZE); at < end; at += PAGE_SIZE)
		image_add(m, at, zeroes, PAGE_SIZE);
}

/* The header tells how long the file is; what signs it may follow. */
static bool is_whole(const char *path, const struct blob *k)
{
	uint64_t whole = linux_setup_size(k) + (uint64_t)get32(k, SYSSIZE) * 16;

	if (k->size > linux_setup_size(k) && k->size >= whole)
		return true;
	return igvm_fail("%s: the bzImage is truncated: %zu bytes of %" PRIu64
			 ": copy or fetch it again",
			 path, k->size, whole);
}

/* The protected-mode part, where it will run. */
static bool add_kernel(const char *path, const struct blob *k, struct image *m,
		       struct launch_info *info)
{
	size_t setup = linux_setup_size(k), size = k->size - setup,
	       padded = ALIGN_UP(size, SIZE_2M);
	uint32_t init_size = get32(k, INIT_SIZE);

	if (!is_whole(path, k))
		return false;
	if (init_size > BIT(30))
		return igvm_fail("%s: the kernel wants %" PRIu32 " bytes", path, init_size);
	if (padded > init_size)
		padded = size;
	info->kernel = (struct launch_range){
		MAX(BUILD_KERNEL_BASE, info->svsm.gpa + info->svsm.size), padded};
	add_padded(m, info->kernel.gpa, k->data + setup, size, info->kernel.gpa + padded);
	image_require(m, info->kernel.gpa, MAX(init_size, size));
	return true;
}

static bool initrd_is_whole(const char *path, const struct blob *rd)
{
	if (!rd->size)
		return igvm_fail("%s: the file is empty", path);
	if (!cpio_whole(rd->data, rd->size))
		return igvm_fail("%s: the initrd is truncated: copy or build it again", path);
	return true;
}

bool build_linux_whole(const char *kernel, const char *initrd)
{
	struct blob k, rd;
	bool ok;

	if (!blob_read(kernel, &k))
		return false;
	ok = !is_bzimage(&k) || is_whole(kernel, &k);
	blob_free(&k);
	if (!ok || !initrd)
		return ok;
	if (!blob_read(initrd, &rd))
		return false;
	ok = initrd_is_whole(initrd, &rd);
	blob_free(&rd);
	return ok;
}

/* The header's initrd_addr_max bounds where the initrd may end. */
static bool add_initrd(const char *path, const struct blob *k, struct image *m,
		       struct launch_info *info)
{
	struct blob rd;
	bool whole;

	if (!blob_read(path, &rd))
		return false;
	info->initrd.size = rd.size;
	image_add(m, info->initrd.gpa, rd.data, rd.size);
	whole = initrd_is_whole(path, &rd);
	events_initrd(info, &rd);
	blob_free(&rd);
	if (!whole)
		return false;
	if (info->initrd.gpa + info->initrd.size > get32(k, INITRD_MAX))
		return igvm_fail("%s: the initrd is too large for this kernel", path);
	return true;
}

/* An empty command line is one byte, the NUL that ends it. */
static bool add_cmdline(const char *cmdline, const struct blob *k, struct image *m,
			struct launch_info *info)
{
	size_t size = strlen(cmdline) + 1;

	if (size - 1 > get32(k, CMDLINE_SIZE))
		return igvm_fail("the command line has %zu characters, this kernel takes %" PRIu32,
				 size - 1, get32(k, CMDLINE_SIZE));
	info->cmdline.gpa = ALIGN_UP(info->initrd.gpa + info->initrd.size, PAGE_SIZE);
	info->cmdline.size = size;
	image_add(m, info->cmdline.gpa, cmdline, size);
	return true;
}

/* Last, because whatever follows a bzImage's setup sectors does not matter. */
static void add_setup(const struct blob *k, struct image *m, struct launch_info *info)
{
	uint64_t at = ALIGN_UP(info->cmdline.gpa + info->cmdline.size, PAGE_SIZE);
	uint64_t end = ALIGN_UP(at + linux_setup_size(k), SIZE_2M);

	info->setup = (struct launch_range){at, end - at};
	add_padded(m, at, k->data, linux_setup_size(k), end);
}

/* Behind everything that the running kernel needs for itself. */
static bool add_boot_data(const struct igvm_build_options *o, const struct blob *k, struct image *m,
			  struct launch_info *info)
{
	uint64_t behind = info->kernel.gpa + MAX(get32(k, INIT_SIZE), info->kernel.size);

	info->initrd.gpa = MAX(BUILD_INITRD_BASE, ALIGN_UP(behind, SIZE_2M));
	if ((o->initrd && !add_initrd(o->initrd, k, m, info)) ||
	    !add_cmdline(o->cmdline ? o->cmdline : "", k, m, info))
		return false;
	add_setup(k, m, info);
	return true;
}

/* The initrd's event follows when that is read: what is hashed is what is loaded. */
static bool add_events(const struct igvm_build_options *o, const struct blob *k,
		       struct launch_info *info)
{
	events_separators(info);
	if (!events_kernel(info, k))
		return false;
	events_cmdline(info, o->cmdline ? o->cmdline : "");
	return true;
}

bool build_linux(const struct igvm_build_options *o, struct image *m, struct launch_info *info)
{
	struct blob k;
	bool ok;

	if (!blob_read(o->kernel, &k))
		return false;
	info->guest = LAUNCH_GUEST_LINUX;
	ok = check_kernel(o->kernel, &k);
	if (ok)
		warn_of_age(o->kernel, &k);
	ok = ok && add_kernel(o->kernel, &k, m, info) && add_events(o, &k, info) &&
	     add_boot_data(o, &k, m, info);
	blob_free(&k);
	return ok;
}
