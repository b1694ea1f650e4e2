/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The file that is launched. Its headers are read into monitor pages whole, so that what was
 * checked is what is placed; its data go straight to where they belong.
 */
#include "machine/load/source.h"
#include "machine/host/exit.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/pool.h"
#include "abi/machine.h"
#include "base/x86.h"
#include "lib/fmt.h"

#include <stdarg.h>

#define HEAD_LIMIT 0x4000000u /* 64 MiB of headers are more than RAM could use */

/* The harness prints this line; it has to say which header, and what to do. */
void loader_refuse(const struct igvm_header *h, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	host_exit(MACHINE_END_BAD_IGVM, "igvm: header at 0x%x (%s): %s", h->offset,
		  igvm_type_name(h->type), text);
}

void loader_read(const struct loader *l, uint32_t offset, hpa_t dst, uint32_t len)
{
	if (!fwcfg_read(&l->fw, offset, dst, len))
		host_exit(MACHINE_END_BAD_IGVM, "igvm: cannot read 0x%x bytes at 0x%x from fw_cfg",
			  len, offset);
}

/* The whole head of the file into monitor pages. */
static void read_head(struct loader *l)
{
	uint32_t have = MIN(l->fw.size, (uint32_t)PAGE_SIZE), head;
	void *first = host_pages_alloc(1);
	enum igvm_error e;

	loader_read(l, 0, host_pa(first), have);
	e = igvm_head_size(first, have, l->fw.size, &head);
	host_pages_free(first, 1);
	if (e)
		host_exit(MACHINE_END_BAD_IGVM, "igvm: %s", igvm_error_text(e));
	l->head_pages = (unsigned)(ALIGN_UP(head, PAGE_SIZE) / PAGE_SIZE);
	l->head = head <= HEAD_LIMIT ? host_pages_try(l->head_pages) : NULL;
	if (!l->head)
		host_exit(MACHINE_END_BAD_IGVM, "igvm: no memory for 0x%x bytes of headers", head);
	loader_read(l, 0, host_pa(l->head), head);
}

/* Format, checksum, and that the file is for SEV-SNP. lib/igvm checks; here it is only said. */
static void open_file(struct loader *l)
{
	uint32_t at;
	enum igvm_error e = igvm_open(&l->file, l->head, l->head_pages * PAGE_SIZE, l->fw.size);

	if (e)
		host_exit(MACHINE_END_BAD_IGVM, "igvm: %s", igvm_error_text(e));
	e = igvm_check(&l->file, &at);
	if (e)
		host_exit(MACHINE_END_BAD_IGVM, "igvm: header at 0x%x: %s", at, igvm_error_text(e));
	l->mask = igvm_platform_mask(&l->file, IGVM_PLATFORM_SEV_SNP);
	if (!l->mask)
		host_exit(MACHINE_END_BAD_IGVM, "igvm: the file does not support SEV-SNP");
}

void loader_open(struct loader *l)
{
	if (!fwcfg_find(MACHINE_FW_IGVM, &l->fw))
		host_exit(MACHINE_END_BAD_IGVM,
			  "igvm: no file; QEMU needs -fw_cfg name=" MACHINE_FW_IGVM ",file=...");
	read_head(l);
	open_file(l);
}

void loader_close(struct loader *l)
{
	host_pages_free(l->head, l->head_pages);
}
