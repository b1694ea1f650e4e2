/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/fwcfg/fwkernel.h"
#include "machine/dev/fwcfg/fwitem.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "abi/machine.h"
#include "lib/string.h"

/* QEMU, include/standard-headers/linux/qemu_fw_cfg.h */
#define KEY_KERNEL_ADDR  0x07
#define KEY_KERNEL_SIZE  0x08
#define KEY_INITRD_ADDR  0x0a
#define KEY_INITRD_SIZE  0x0b
#define KEY_KERNEL_DATA  0x11
#define KEY_INITRD_DATA  0x12
#define KEY_CMDLINE_ADDR 0x13
#define KEY_CMDLINE_SIZE 0x14
#define KEY_CMDLINE_DATA 0x15
#define KEY_SETUP_ADDR   0x16
#define KEY_SETUP_SIZE   0x17
#define KEY_SETUP_DATA   0x18

/* Linux, Documentation/arch/x86/boot.rst */
#define SECTOR         512u
#define SETUP_SECTS    0x1f1
#define HEADER         0x202
#define VERSION        0x206
#define LOADFLAGS      0x211
#define LOADED_HIGH    BIT(0)
#define INITRD_MAX     0x22c
#define XLOADFLAGS     0x236
#define XLF_ABOVE_4G   BIT(1)
#define INITRD_MAX_OLD 0x37ffffffu

/* hw/i386/pc.c: what QEMU keeps free for tables below the end of low RAM */
#define ACPI_DATA 0x28000u

static uint32_t word(const uint8_t *p, unsigned size)
{
	uint32_t v = 0;

	memcpy(&v, p, size);
	return v;
}

static uint32_t initrd_max(const uint8_t *head, uint32_t version, uint64_t low_end)
{
	uint32_t max = version >= 0x203 ? word(head + INITRD_MAX, 4) : INITRD_MAX_OLD;

	if (version >= 0x20c && (word(head + XLOADFLAGS, 2) & XLF_ABOVE_4G))
		max = ~0u;
	return (uint32_t)MIN((uint64_t)max, low_end - ACPI_DATA - 1);
}

static void places(const uint8_t *head, uint32_t version, uint32_t cmdline_size, struct fwkernel *k)
{
	uint32_t room = ALIGN_UP(cmdline_size, 16);
	bool high = version >= 0x200 && (head[LOADFLAGS] & LOADED_HIGH);

	k->kernel_at = high ? 0x100000 : 0x10000;
	k->setup_at = high && version >= 0x202 ? 0x10000 : 0x90000;
	k->cmdline_at = high && version >= 0x202 ? 0x20000 : 0x9a000 - room;
}

bool fwkernel_split(const uint8_t head[FWKERNEL_HEAD], uint32_t size, uint32_t cmdline_size,
		    uint32_t initrd_size, uint64_t low_end, struct fwkernel *k)
{
	uint32_t version = word(head + VERSION, 2), max;

	if (size < FWKERNEL_HEAD || memcmp(head + HEADER, "HdrS", 4))
		return false;
	k->setup_size = ((head[SETUP_SECTS] ? head[SETUP_SECTS] : 4u) + 1) * SECTOR;
	if (k->setup_size > size || low_end <= ACPI_DATA || cmdline_size > 0x8a000)
		return false;
	places(head, version, cmdline_size, k);
	max = initrd_max(head, version, low_end);
	k->initrd_at = initrd_size ? (max - initrd_size) & ~(uint32_t)PAGE_MASK : 0;
	return initrd_size <= max;
}

/* A command line without a NUL at its end gets one: the item has it. */
static void show_cmdline(const struct fwcfg_file *f, uint32_t at)
{
	static char text[4096];
	uint32_t n = MIN(f->size, (uint32_t)sizeof(text) - 1);

	if (n && !fwcfg_read(f, 0, host_pa(text), n))
		n = 0;
	n = (uint32_t)strnlen(text, n);
	text[n] = 0;
	fwitem_u32(KEY_CMDLINE_ADDR, at);
	fwitem_u32(KEY_CMDLINE_SIZE, n + 1);
	fwitem_key(KEY_CMDLINE_DATA, text, n + 1);
}

static void show_initrd(const struct fwcfg_file *f, uint32_t at)
{
	fwitem_u32(KEY_INITRD_ADDR, at);
	fwitem_u32(KEY_INITRD_SIZE, f->size);
	fwitem_key_real(KEY_INITRD_DATA, f, 0, f->size);
}

static void show_parts(const struct fwcfg_file *f, const struct fwkernel *k)
{
	fwitem_u32(KEY_KERNEL_ADDR, k->kernel_at);
	fwitem_u32(KEY_KERNEL_SIZE, f->size - k->setup_size);
	fwitem_key_real(KEY_KERNEL_DATA, f, k->setup_size, f->size - k->setup_size);
	fwitem_u32(KEY_SETUP_ADDR, k->setup_at);
	fwitem_u32(KEY_SETUP_SIZE, k->setup_size);
	fwitem_key_real(KEY_SETUP_DATA, f, 0, k->setup_size);
}

void fwkernel_show(uint64_t low_end)
{
	static uint8_t head[FWKERNEL_HEAD];
	struct fwcfg_file kernel, initrd = {0}, cmdline = {0};
	struct fwkernel k;

	if (!fwcfg_find(MACHINE_FW_KERNEL, &kernel))
		return;
	fwcfg_find(MACHINE_FW_INITRD, &initrd);
	fwcfg_find(MACHINE_FW_CMDLINE, &cmdline);
	if (!fwcfg_read(&kernel, 0, host_pa(head), sizeof(head)) ||
	    !fwkernel_split(head, kernel.size, cmdline.size + 1, initrd.size, low_end, &k)) {
		host_log("fw_cfg: the guest's kernel is no bzImage, or has no room: not shown");
		return;
	}
	show_parts(&kernel, &k);
	show_cmdline(&cmdline, k.cmdline_at);
	if (initrd.size)
		show_initrd(&initrd, k.initrd_at);
}
