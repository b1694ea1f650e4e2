/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/disk/image.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/pool.h"
#include "abi/machine.h"

static struct fwcfg_file file;
static uint64_t size;
static uint8_t **written; /* by page; NULL: it is as in the file */
static uint8_t buffer[PAGE_SIZE] ALIGNED(4096);

bool image_init(void)
{
	uint64_t pages;

	if (!fwcfg_find(MACHINE_FW_DISK, &file) || file.size < IMAGE_SECTOR)
		return false;
	size = file.size / IMAGE_SECTOR * IMAGE_SECTOR;
	pages = (size + PAGE_MASK) / PAGE_SIZE;
	written = host_pages_alloc((unsigned)((pages * sizeof(*written) + PAGE_MASK) / PAGE_SIZE));
	return true;
}

uint64_t image_size(void)
{
	return size;
}

const uint8_t *image_bytes(uint64_t at, uint32_t n)
{
	const uint8_t *page = written[at / PAGE_SIZE];

	if (page)
		return page + at % PAGE_SIZE;
	return fwcfg_read(&file, (uint32_t)at, host_pa(buffer), n) ? buffer : NULL;
}

/* The page with what the file has there, whose last one may end in the middle. */
static uint8_t *copy_page(uint64_t from)
{
	uint32_t n = (uint32_t)MIN(size - from, (uint64_t)PAGE_SIZE);
	uint8_t *page = host_pages_try(1);

	if (page && !fwcfg_read(&file, (uint32_t)from, host_pa(page), n)) {
		host_pages_free(page, 1);
		return NULL;
	}
	return page;
}

uint8_t *image_room(uint64_t at)
{
	uint8_t **page = &written[at / PAGE_SIZE];

	if (!*page)
		*page = copy_page(at & ~PAGE_MASK);
	return *page ? *page + at % PAGE_SIZE : NULL;
}
