/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Multiboot 0.6.96, 3.1. Its fields are little endian, and so are the ELF files that are taken. */
#include "harness/igvm/multiboot.h"
#include "abi/payload.h"

#include <elf.h>
#include <string.h>

#define SEARCH    8192
#define ALIGNMENT 4
#define NEEDS     0xffffu /* flags that a loader must know, or refuse the image */
#define KNOWN     3u      /* modules on page boundaries (there are none), memory information */
#define ADDRESSES BIT(16) /* the header says where it goes; else the ELF file does */

struct header {
	uint32_t magic, flags, checksum;
	uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

/* What an image brings: `bytes` of the file, then zeroes. */
struct piece {
	uint64_t at, bytes, size, offset;
};

struct parser {
	const struct blob *file;
	uint64_t end;
	struct multiboot *m;
	const char *why;
};

static bool fail(struct parser *p, const char *why)
{
	p->why = why;
	return false;
}

/* Copies n bytes out of the file. False: they do not lie in it. */
static bool get(const struct parser *p, uint64_t offset, void *out, uint64_t n)
{
	if (offset > p->file->size || n > p->file->size - offset)
		return false;
	memcpy(out, p->file->data + offset, n);
	return true;
}

static bool find_header(const struct parser *p, struct header *h, uint64_t *offset)
{
	for (uint64_t at = 0; at < SEARCH; at += ALIGNMENT) {
		memset(h, 0, sizeof(*h));
		if (!get(p, at, h, 3 * sizeof(uint32_t)))
			return false;
		if (h->magic != MULTIBOOT_HEADER_MAGIC || h->magic + h->flags + h->checksum)
			continue;
		*offset = at;
		return !(h->flags & ADDRESSES) || get(p, at, h, sizeof(*h));
	}
	return false;
}

/* All of it lies in the file and in the memory that there is. */
static bool check(struct parser *p, const struct piece *s)
{
	if (s->offset > p->file->size || s->bytes > p->file->size - s->offset)
		return fail(p, "a part of it lies outside the file");
	if (s->bytes > s->size)
		return fail(p, "a part of it is larger in the file than in memory");
	if (s->at < PAYLOAD_LOW_END)
		return fail(p, "it wants to lie below 1 MiB");
	if (s->at >= p->end || s->size > p->end - s->at)
		return fail(p, "it does not fit below the shim");
	return true;
}

/* Makes room for what lies in [start, end), which was checked. */
static bool make_room(struct parser *p, uint64_t start, uint64_t end)
{
	p->m->start = ALIGN_DOWN(start, PAGE_SIZE);
	end = ALIGN_UP(end, PAGE_SIZE);
	if (end - p->m->start > MULTIBOOT_MAX)
		return fail(p, "it takes more than 256 MiB of memory");
	blob_grow(&p->m->memory, end - p->m->start);
	return true;
}

static void put(struct parser *p, const struct piece *s)
{
	memcpy(p->m->memory.data + (s->at - p->m->start), p->file->data + s->offset, s->bytes);
}

/* 3.1.3: the file from the header's place on, less what lies before load_addr. */
static bool load_flat(struct parser *p, const struct header *h, uint64_t offset)
{
	struct piece s = {.at = h->load_addr};
	uint64_t end;

	if (h->header_addr < h->load_addr || offset < h->header_addr - h->load_addr)
		return fail(p, "its header's load address lies before the file");
	s.offset = offset - (h->header_addr - h->load_addr);
	end = h->load_end_addr ? h->load_end_addr : h->load_addr + (p->file->size - s.offset);
	if (end < s.at || (h->bss_end_addr && h->bss_end_addr < end))
		return fail(p, "its header's addresses are in no order");
	s.bytes = end - s.at;
	s.size = (h->bss_end_addr ? h->bss_end_addr : end) - s.at;
	if (!check(p, &s) || !s.size)
		return p->why ? false : fail(p, "it is empty");
	p->m->entry = h->entry_addr;
	if (!make_room(p, s.at, s.at + s.size))
		return false;
	put(p, &s);
	return true;
}

/* Both classes in one form. */
struct elf_file {
	bool wide;
	uint64_t entry, table;
	unsigned count, entry_size;
};

static bool elf_header(struct parser *p, struct elf_file *e)
{
	unsigned char ident[EI_NIDENT];
	Elf32_Ehdr h32;
	Elf64_Ehdr h64;

	if (!get(p, 0, ident, sizeof(ident)) || memcmp(ident, ELFMAG, SELFMAG) ||
	    ident[EI_DATA] != ELFDATA2LSB)
		return fail(p, "it is neither an ELF file nor says where it goes");
	e->wide = ident[EI_CLASS] == ELFCLASS64;
	if (e->wide && get(p, 0, &h64, sizeof(h64)) && h64.e_machine == EM_X86_64)
		*e = (struct elf_file){true, h64.e_entry, h64.e_phoff, h64.e_phnum,
				       h64.e_phentsize};
	else if (!e->wide && get(p, 0, &h32, sizeof(h32)) && h32.e_machine == EM_386)
		*e = (struct elf_file){false, h32.e_entry, h32.e_phoff, h32.e_phnum,
				       h32.e_phentsize};
	else
		return fail(p, "it is an ELF file for another machine");
	return true;
}

/* Entry i of the table; size 0: it is nothing to load. */
static bool segment(struct parser *p, const struct elf_file *e, unsigned i, struct piece *s)
{
	uint64_t at = e->table + (uint64_t)i * e->entry_size;
	Elf32_Phdr h32;
	Elf64_Phdr h64;

	*s = (struct piece){0};
	if (e->table > p->file->size ||
	    !(e->wide ? get(p, at, &h64, sizeof(h64)) : get(p, at, &h32, sizeof(h32))))
		return fail(p, "its program headers lie outside the file");
	if (e->wide && h64.p_type == PT_LOAD)
		*s = (struct piece){h64.p_paddr, h64.p_filesz, h64.p_memsz, h64.p_offset};
	else if (!e->wide && h32.p_type == PT_LOAD)
		*s = (struct piece){h32.p_paddr, h32.p_filesz, h32.p_memsz, h32.p_offset};
	return !s->size || check(p, s);
}

static bool load_elf(struct parser *p)
{
	uint64_t start = ~0ull, end = 0;
	struct elf_file e;
	struct piece s;

	if (!elf_header(p, &e))
		return false;
	for (unsigned i = 0; i < e.count; i++) {
		if (!segment(p, &e, i, &s))
			return false;
		if (!s.size)
			continue;
		start = MIN(start, s.at);
		end = MAX(end, s.at + s.size);
	}
	if (!end)
		return fail(p, "it has nothing to load");
	p->m->entry = e.entry;
	if (!make_room(p, start, end))
		return false;
	for (unsigned i = 0; i < e.count; i++)
		if (segment(p, &e, i, &s) && s.size)
			put(p, &s);
	return true;
}

static bool load(struct parser *p)
{
	struct header h;
	uint64_t offset;

	if (!find_header(p, &h, &offset))
		return fail(p, "it has no multiboot header");
	if (h.flags & NEEDS & ~KNOWN)
		return fail(p, "its multiboot header asks for what is not known here");
	if (!(h.flags & ADDRESSES ? load_flat(p, &h, offset) : load_elf(p)))
		return false;
	if (p->m->entry < p->m->start || p->m->entry - p->m->start >= p->m->memory.size)
		return fail(p, "its entry lies outside of it");
	return true;
}

bool multiboot_parse(const struct blob *file, uint64_t end, struct multiboot *m, const char **why)
{
	struct parser p = {.file = file, .end = end, .m = m};

	*m = (struct multiboot){0};
	if (load(&p))
		return true;
	*why = p.why;
	blob_free(&m->memory);
	return false;
}
