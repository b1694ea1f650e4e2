/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A reader for the ELF files of this tree: segments by load address, and symbols. The files are
 * our own, but a half-written or wrong one must give an error and not a crash, so nothing
 * outside the file is ever read: headers and tables are checked once by elf_open(), names each
 * time.
 */
#include "harness/igvm/elf.h"
#include "abi/machine.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

static const Elf64_Ehdr *header(const struct elf *e)
{
	return (const void *)e->file.data;
}

static const Elf64_Phdr *segment(const struct elf *e, unsigned i)
{
	return (const Elf64_Phdr *)(e->file.data + header(e)->e_phoff) + i;
}

static const Elf64_Shdr *section(const struct elf *e, unsigned i)
{
	return (const Elf64_Shdr *)(e->file.data + header(e)->e_shoff) + i;
}

/* The range lies in the file. Written so that no sum can overflow. */
static bool inside(const struct elf *e, uint64_t offset, uint64_t size)
{
	return offset <= e->file.size && size <= e->file.size - offset;
}

/* The tables lie in the file and are aligned, so that their entries can be used in place. */
static bool check_header(const struct elf *e)
{
	const Elf64_Ehdr *h = header(e);

	if (e->file.size < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_machine != EM_X86_64)
		return igvm_fail("%s: no x86-64 ELF file", e->path);
	if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phoff % 8 ||
	    !inside(e, h->e_phoff, (uint64_t)h->e_phnum * sizeof(Elf64_Phdr)))
		return igvm_fail("%s: program headers outside the file", e->path);
	if (h->e_shnum && (h->e_shentsize != sizeof(Elf64_Shdr) || h->e_shoff % 8 ||
			   !inside(e, h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr))))
		return igvm_fail("%s: section headers outside the file", e->path);
	return true;
}

/*
 * Notes the pages that all segments take. 4 GiB is the bound because the boot vCPU starts in
 * 32-bit mode without paging.
 */
static bool check_segment(struct elf *e, const Elf64_Phdr *p)
{
	if (!inside(e, p->p_offset, p->p_filesz) || p->p_filesz > p->p_memsz)
		return igvm_fail("%s: a segment lies outside the file", e->path);
	if (p->p_paddr & PAGE_MASK)
		return igvm_fail("%s: segment at 0x%" PRIx64 " is not page aligned", e->path,
				 p->p_paddr);
	if (p->p_paddr >= BIT(32) || p->p_memsz > BIT(32))
		return igvm_fail("%s: segment at 0x%" PRIx64 " is not below 4 GiB", e->path,
				 p->p_paddr);
	if (p->p_paddr >= MACHINE_FIRMWARE_BASE)
		return true;
	e->start = MIN(e->start, p->p_paddr);
	e->end = MAX(e->end, ALIGN_UP(p->p_paddr + p->p_memsz, PAGE_SIZE));
	return true;
}

/* Virtual to load address, by the segment that holds it. */
static bool load_address(const struct elf *e, uint64_t va, uint64_t *pa)
{
	for (unsigned i = 0; i < header(e)->e_phnum; i++) {
		const Elf64_Phdr *p = segment(e, i);

		if (p->p_type == PT_LOAD && va >= p->p_vaddr && va - p->p_vaddr < p->p_memsz) {
			*pa = va - p->p_vaddr + p->p_paddr + e->moved;
			return true;
		}
	}
	return false;
}

/* A file that passes has at least one segment, and its entry point lies in one. */
static bool check(struct elf *e)
{
	if (!check_header(e))
		return false;
	e->start = ~0ull;
	for (unsigned i = 0; i < header(e)->e_phnum; i++) {
		const Elf64_Phdr *p = segment(e, i);

		if (p->p_type == PT_LOAD && p->p_memsz && !check_segment(e, p))
			return false;
	}
	if (!e->end || !load_address(e, header(e)->e_entry, &e->entry))
		return igvm_fail("%s: the entry point lies in no segment", e->path);
	return true;
}

bool elf_open(struct elf *e, const char *path)
{
	*e = (struct elf){.path = path};
	if (!blob_read(path, &e->file))
		return false;
	if (check(e))
		return true;
	elf_close(e);
	return false;
}

void elf_close(struct elf *e)
{
	blob_free(&e->file);
}

void elf_move(struct elf *e, uint64_t base)
{
	uint64_t by = base - e->start; /* modulo 2^64: it may go down */

	e->moved += by;
	e->entry += by;
	e->start += by;
	e->end += by;
}

/* The pages of a segment behind those that have bytes in the file. */
static void load_zeroes(const Elf64_Phdr *p, uint64_t moved, struct image *m)
{
	static const uint8_t zeroes[PAGE_SIZE];

	for (uint64_t at = ALIGN_UP(p->p_filesz, PAGE_SIZE); at < p->p_memsz; at += PAGE_SIZE)
		image_add(m, p->p_paddr + moved + at, zeroes, PAGE_SIZE);
}

void elf_load(const struct elf *e, struct image *m)
{
	for (unsigned i = 0; i < header(e)->e_phnum; i++) {
		const Elf64_Phdr *p = segment(e, i);

		if (p->p_type != PT_LOAD || !p->p_filesz)
			continue;
		image_add(m, p->p_paddr + e->moved, e->file.data + p->p_offset, p->p_filesz);
		load_zeroes(p, e->moved, m);
	}
}

/*
 * The symbol table, and its strings in *names; both lie in the file. NULL: the file was
 * stripped.
 */
static const Elf64_Shdr *symbols(const struct elf *e, const Elf64_Shdr **names)
{
	for (unsigned i = 0; i < header(e)->e_shnum; i++) {
		const Elf64_Shdr *s = section(e, i);

		if (s->sh_type != SHT_SYMTAB || s->sh_offset % 8 ||
		    s->sh_link >= header(e)->e_shnum)
			continue;
		*names = section(e, s->sh_link);
		if (inside(e, s->sh_offset, s->sh_size) && (*names)->sh_size &&
		    inside(e, (*names)->sh_offset, (*names)->sh_size))
			return s;
	}
	return NULL;
}

/* The name at this place of the string table, compared without leaving it. */
static bool same_name(const struct elf *e, const Elf64_Shdr *names, uint32_t at, const char *name)
{
	size_t n = strlen(name) + 1;

	return at < names->sh_size && n <= names->sh_size - at &&
	       !memcmp(e->file.data + names->sh_offset + at, name, n);
}

/*
 * The first definition counts. Local symbols are found too: two of one name in different
 * sources would be ambiguous.
 */
bool elf_symbol(const struct elf *e, const char *name, uint64_t *at, uint64_t *size)
{
	const Elf64_Shdr *names = NULL, *table = symbols(e, &names);
	const Elf64_Sym *s;

	if (!table)
		return false;
	s = (const void *)(e->file.data + table->sh_offset);
	for (uint64_t n = table->sh_size / sizeof(*s); n; n--, s++) {
		if (s->st_shndx == SHN_UNDEF || !same_name(e, names, s->st_name, name))
			continue;
		*size = s->st_size;
		return load_address(e, s->st_value, at);
	}
	return false;
}
