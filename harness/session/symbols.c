/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Function names for addresses, from ELF files: our own in the build folder, or that of a foreign
 * SVSM. They may be half-written, or of another build than the image that ran: nothing outside the
 * file is read, and a name is a hint and no more.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "harness/session/symbols.h"
#include "harness/core/util.h"

#define UNSIZED 0x1000 /* how far a label without a size is taken to reach */

struct symbol {
	uint64_t address, size;
	const char *name; /* in file */
};

struct symbols {
	const char *label;
	char *file;
	struct symbol *v;
	size_t n;
};

/* The range lies in a file of that size, without overflow. */
static bool inside(size_t size, uint64_t offset, uint64_t length)
{
	return offset <= size && length <= size - offset;
}

/* Functions, and the labels of assembly, which have neither type nor size. */
static bool is_code(const Elf64_Sym *sym, const Elf64_Shdr *sh, unsigned sections)
{
	unsigned type = ELF64_ST_TYPE(sym->st_info);

	return (type == STT_FUNC || type == STT_NOTYPE) && sym->st_shndx < sections &&
	       sh[sym->st_shndx].sh_flags & SHF_EXECINSTR;
}

/* Adds one symbol table. Its string table must end in a NUL, so that names can be used in place. */
static void read_table(struct symbols *s, size_t size, const Elf64_Shdr *sh, unsigned sections,
		       const Elf64_Shdr *tab)
{
	const Elf64_Shdr *names = &sh[tab->sh_link];
	size_t count = tab->sh_size / sizeof(Elf64_Sym);

	if (!inside(size, tab->sh_offset, tab->sh_size) ||
	    !inside(size, names->sh_offset, names->sh_size) || !names->sh_size ||
	    s->file[names->sh_offset + names->sh_size - 1])
		return;
	for (size_t i = 0; i < count; i++) {
		Elf64_Sym sym;

		memcpy(&sym, s->file + tab->sh_offset + i * sizeof(sym), sizeof(sym));
		if (!is_code(&sym, sh, sections) || sym.st_name >= names->sh_size)
			continue;
		s->v = mem_grow(s->v, (s->n + 1) * sizeof(*s->v));
		s->v[s->n++] = (struct symbol){sym.st_value, sym.st_size,
					       s->file + names->sh_offset + sym.st_name};
	}
}

/* False: this is no ELF64 file. A file without symbols is fine and names nothing. */
static bool read_elf(struct symbols *s, size_t size)
{
	Elf64_Ehdr eh;
	Elf64_Shdr *sh;

	if (size < sizeof(eh))
		return false;
	memcpy(&eh, s->file, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    !inside(size, eh.e_shoff, (uint64_t)eh.e_shnum * sizeof(*sh)))
		return false;
	sh = mem_alloc((eh.e_shnum + 1u) * sizeof(*sh));
	memcpy(sh, s->file + eh.e_shoff, eh.e_shnum * sizeof(*sh));
	for (unsigned i = 0; i < eh.e_shnum; i++)
		if (sh[i].sh_type == SHT_SYMTAB && sh[i].sh_link < eh.e_shnum)
			read_table(s, size, sh, eh.e_shnum, &sh[i]);
	free(sh);
	return true;
}

struct symbols *symbols_read(const char *path, const char *label)
{
	struct symbols *s = mem_alloc(sizeof(*s));
	size_t size;

	s->label = label;
	s->file = file_text(path, &size);
	if (s->file && read_elf(s, size))
		return s;
	symbols_free(s);
	return NULL;
}

/*
 * The nearest symbol below the address, if the address lies in it. The images are small: no
 * index is needed.
 */
char *symbols_name(const struct symbols *s, uint64_t address)
{
	const struct symbol *best = NULL;

	for (size_t i = 0; s && i < s->n; i++) {
		const struct symbol *x = &s->v[i];

		if (address >= x->address && (!best || x->address > best->address))
			best = x;
	}
	if (best && address - best->address >= (best->size ? best->size : UNSIZED))
		best = NULL;
	return best ? str("%s:%s+0x%llx", s->label, best->name,
			  (unsigned long long)(address - best->address))
		    : NULL;
}

/*
 * The monitor ends a run with VMPL and RIP but knows no symbols of the SVSM, so the name is put
 * in here.
 */
char *symbols_explain(const char *line, const struct symbol_source *source)
{
	static const char mark[] = "RIP 0x";
	const char *at = strstr(line, "VMPL 0") ? strstr(line, mark) : NULL;
	struct symbols *svsm = at && source->elf ? symbols_read(source->elf, "svsm") : NULL;
	char *end = NULL, *name = NULL, *all;
	uint64_t rip = at ? strtoull(at + strlen(mark), &end, 16) : 0;

	if (rip >= source->from)
		name = symbols_name(svsm, rip);
	all = name ? str("%.*s (%s)%s", (int)(end - line), line, name, end) : str_dup(line);
	symbols_free(svsm);
	free(name);
	return all;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	free(s->file);
	free(s->v);
	free(s);
}
