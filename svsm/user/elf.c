/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Loads a service's ELF file into a process's space. process_create() is the only caller. The file
 * is measured with the image, but it is checked as if it came from a guest: every offset, size and
 * address before its use. A function that returns text returns NULL, or a clause for the log that
 * says what is wrong.
 */
#include "user/elf.h"
#include "lib/string.h"

#define PHDRS_MAX 32

enum {
	PT_LOAD = 1,
	PT_INTERP = 3,
	PT_GNU_STACK = 0x6474e551,
};

#define PF_X 1u
#define PF_W 2u
#define PF_R 4u

struct ehdr {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
} PACKED;
ABI_SIZE(struct ehdr, 64, "gABI, figure 4-3: Elf64_Ehdr");

struct phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
} PACKED;
ABI_SIZE(struct phdr, 56, "gABI, figure 5-1: Elf64_Phdr");

struct load {
	struct space *space;
	const uint8_t *file;
	size_t size;
	uint64_t bias; /* added to every address; 0 but for a static-pie file */
	uint64_t low;  /* the first page still free: segments must come in ascending order */
	bool entry_ok; /* the entry point lies in an executable segment */
	struct ehdr h;
	struct elf_program *out;
};

/* True when n bytes from `offset` lie in the file. Written so that no sum can wrap. */
static bool inside(const struct load *l, uint64_t offset, uint64_t n)
{
	return offset <= l->size && n <= l->size - offset;
}

static const char *read_header(struct load *l)
{
	/* ELFCLASS64, ELFDATA2LSB, EV_CURRENT */
	static const uint8_t magic[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	struct ehdr *h = &l->h;

	if (!inside(l, 0, sizeof(*h)))
		return "shorter than an ELF header";
	memcpy(h, l->file, sizeof(*h));
	if (memcmp(h->ident, magic, sizeof(magic)) || h->machine != 62 || h->version != 1)
		return "no x86-64 ELF file";
	if (h->type != 2 && h->type != 3)
		return "neither executable nor static-pie";
	if (h->phentsize != sizeof(struct phdr) || !h->phnum || h->phnum > PHDRS_MAX)
		return "unfit program headers";
	if (!inside(l, h->phoff, (uint64_t)h->phnum * sizeof(struct phdr)))
		return "program headers outside the file";
	l->bias = h->type == 3 ? ELF_PIE_BASE : 0;
	return NULL;
}

static unsigned prot_of(uint32_t flags)
{
	return (flags & PF_R ? SPACE_R : 0) | (flags & PF_W ? SPACE_W : 0) |
	       (flags & PF_X ? SPACE_X : 0);
}

/* Subtracts where a sum could wrap: vaddr and memsz are any 64-bit numbers. */
static const char *check_segment(const struct load *l, const struct phdr *p)
{
	if (!inside(l, p->offset, p->filesz))
		return "a segment lies outside the file";
	if (p->filesz > p->memsz)
		return "a segment is larger in the file than in memory";
	if (!(p->flags & PF_R) || (p->flags & (PF_W | PF_X)) == (PF_W | PF_X))
		return "a segment is not readable, or writable and executable";
	if (p->vaddr >= ELF_IMAGE_END || p->memsz > ELF_IMAGE_END - p->vaddr ||
	    p->vaddr + p->memsz > ELF_IMAGE_END - l->bias)
		return "a segment lies too high";
	if (ALIGN_DOWN(p->vaddr + l->bias, PAGE_SIZE) < l->low)
		return "segments overlap or are out of order";
	return NULL;
}

/* True when the segment can be mapped from the file without a copy: read-only, all of it in the
 * file, and file and segment aligned alike. */
static bool in_place(const struct load *l, const struct phdr *p)
{
	return !(p->flags & PF_W) && p->filesz == p->memsz &&
	       IS_ALIGNED((uint64_t)l->file + p->offset - p->vaddr, PAGE_SIZE) &&
	       IS_ALIGNED(p->offset - p->vaddr, PAGE_SIZE);
}

static bool map_segment(const struct load *l, const struct phdr *p, uint64_t start, uint64_t len)
{
	uint64_t in_page = p->vaddr & PAGE_MASK;

	if (in_place(l, p))
		return space_map_image(l->space, start, l->file + p->offset - in_page, len,
				       prot_of(p->flags));
	return space_map(l->space, start, len, prot_of(p->flags)) &&
	       space_write(l->space, start + in_page, l->file + p->offset, p->filesz);
}

/* Maps one segment and notes what the auxiliary vector will need: whether it holds the entry
 * point, and where the program headers lie in memory. */
static const char *load_segment(struct load *l, const struct phdr *p)
{
	const char *why = check_segment(l, p);
	uint64_t va = p->vaddr + l->bias, start, end;
	uint64_t phdrs = (uint64_t)l->h.phnum * sizeof(struct phdr);

	if (why)
		return why;
	start = ALIGN_DOWN(va, PAGE_SIZE);
	end = ALIGN_UP(va + p->memsz, PAGE_SIZE);
	if (start < USER_BASE)
		return "a segment lies too low";
	if (!map_segment(l, p, start, end - start))
		return "no memory for a segment";
	l->low = l->out->brk = end;
	if (p->flags & PF_X)
		l->entry_ok |= l->out->entry >= va && l->out->entry - va < p->filesz;
	if (l->h.phoff >= p->offset && l->h.phoff - p->offset <= p->filesz &&
	    phdrs <= p->filesz - (l->h.phoff - p->offset))
		l->out->phdr = va + (l->h.phoff - p->offset);
	return NULL;
}

/* A program that asks for an interpreter or an executable stack is refused. Headers of other types
 * do not matter. */
static const char *take_header(struct load *l, const struct phdr *p)
{
	switch (p->type) {
	case PT_LOAD:
		return p->memsz ? load_segment(l, p) : NULL;
	case PT_INTERP:
		return "dynamically linked";
	case PT_GNU_STACK:
		return p->flags & PF_X ? "wants an executable stack" : NULL;
	default:
		return NULL;
	}
}

const char *elf_load(struct space *s, const void *file, size_t size, struct elf_program *out)
{
	struct load l = {.space = s, .file = file, .size = size, .out = out};
	const char *why = read_header(&l);

	*out = (struct elf_program){.entry = l.h.entry + l.bias, .phnum = l.h.phnum};
	for (unsigned i = 0; !why && i < l.h.phnum; i++) {
		struct phdr p;

		memcpy(&p, l.file + l.h.phoff + i * sizeof(p), sizeof(p));
		why = take_header(&l, &p);
	}
	if (!why && !l.entry_ok)
		why = "the entry point lies in no executable segment";
	return why;
}
