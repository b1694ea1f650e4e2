/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* QEMU's fw_cfg device by DMA (QEMU docs/specs/fw_cfg). One user at a time. */
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/direct.h"
#include "lib/spinlock.h"
#include "base/x86.h"
#include "lib/string.h"

#define PORT_DMA    0x514 /* big-endian address: high half here, low half 4 further */
#define KEY_NB_CPUS 0x05
#define KEY_DIR     0x19
#define DIR_MAX     1024

#define DMA_ERROR   0x01
#define DMA_READ    0x02
#define DMA_SKIP    0x04
#define DMA_SELECT  0x08

struct dma {
	uint32_t control;
	uint32_t length;
	uint64_t address;
} ALIGNED(16);

struct dir_entry {
	uint32_t size;
	uint16_t select;
	uint16_t reserved;
	char name[FWCFG_NAME];
};
ABI_SIZE(struct dir_entry, 64, "fw_cfg directory entry");

static struct spinlock lock;
static struct dma dma;
static struct dir_entry entry;

/* One command to the device. It is done when the write of the address comes back; false when it
 * says so. */
static bool transfer(uint32_t control, uint32_t length, hpa_t dst)
{
	uint64_t at = host_pa(&dma).v;
	uint32_t left;

	dma = (struct dma){__builtin_bswap32(control), __builtin_bswap32(length),
			   __builtin_bswap64(dst.v)};
	barrier();
	outl(PORT_DMA, __builtin_bswap32((uint32_t)(at >> 32)));
	outl(PORT_DMA + 4, __builtin_bswap32((uint32_t)at));
	/* QEMU has finished by now; the loop is what the interface asks for. */
	do
		left = __builtin_bswap32(READ_ONCE(dma.control));
	while (left & ~(uint32_t)DMA_ERROR);
	barrier();
	return !(left & DMA_ERROR);
}

/* A file is read as a stream: to come to an offset is to skip what lies before. */
static bool read_at(uint16_t select, uint32_t offset, hpa_t dst, uint32_t len)
{
	uint32_t key = (uint32_t)select << 16 | DMA_SELECT;

	if (!offset)
		return transfer(key | DMA_READ, len, dst);
	return transfer(key | DMA_SKIP, offset, hpa(0)) && transfer(DMA_READ, len, dst);
}

/* The directory, entry by entry; one that claims to be endless is cut. */
static bool find(const char *name, struct fwcfg_file *f)
{
	static uint32_t count;
	uint32_t n;

	if (!read_at(KEY_DIR, 0, host_pa(&count), sizeof(count)))
		return false;
	n = MIN(__builtin_bswap32(READ_ONCE(count)), (uint32_t)DIR_MAX);
	while (n--) {
		if (!transfer(DMA_READ, sizeof(entry), host_pa(&entry)))
			return false;
		if (strncmp(entry.name, name, sizeof(entry.name)))
			continue;
		f->select = __builtin_bswap16(entry.select);
		f->size = __builtin_bswap32(entry.size);
		return true;
	}
	return false;
}

static bool read_entry(unsigned n, struct fwcfg_file *f, char *name)
{
	uint32_t offset = (uint32_t)(sizeof(uint32_t) + n * sizeof(entry));

	if (!read_at(KEY_DIR, offset, host_pa(&entry), sizeof(entry)))
		return false;
	f->select = __builtin_bswap16(entry.select);
	f->size = __builtin_bswap32(entry.size);
	memcpy(name, entry.name, FWCFG_NAME);
	name[FWCFG_NAME - 1] = 0;
	return f->select != 0; /* beyond the directory all is zero, and a file's key is not */
}

bool fwcfg_entry(unsigned n, struct fwcfg_file *f, char name[FWCFG_NAME])
{
	bool ok;

	spin_lock(&lock);
	ok = n < DIR_MAX && read_entry(n, f, name);
	spin_unlock(&lock);
	return ok;
}

/* False also when the device does not answer: the caller says which file it misses. */
bool fwcfg_find(const char *name, struct fwcfg_file *f)
{
	bool found;

	spin_lock(&lock);
	found = find(name, f);
	spin_unlock(&lock);
	return found;
}

bool fwcfg_read(const struct fwcfg_file *f, uint32_t offset, hpa_t dst, uint32_t len)
{
	bool ok;

	if (offset > f->size || len > f->size - offset)
		return false;
	spin_lock(&lock);
	ok = read_at(f->select, offset, dst, len);
	spin_unlock(&lock);
	return ok;
}

/* 1 when the device does not tell: then smp_start() says what is missing. */
unsigned fwcfg_cpus(void)
{
	static uint16_t n;
	bool ok;

	spin_lock(&lock);
	ok = read_at(KEY_NB_CPUS, 0, host_pa(&n), sizeof(n));
	spin_unlock(&lock);
	return ok ? READ_ONCE(n) : 1;
}
