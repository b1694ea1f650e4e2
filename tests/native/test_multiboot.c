/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Multiboot images that anybody may have made (Multiboot 0.6.96, 3.1).
 *
 * sources: harness/igvm/multiboot.c harness/igvm/blob.c
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "abi/payload.h"
#include "tests/native/check.h"
#include "harness/igvm/multiboot.h"

#define END    PAYLOAD_SHIM_BASE
#define AT     0x400000u
#define HEADER 0x100u /* of the file */
#define SIZE   0x300u

/* As kvm-unit-tests has them: ELF32, a header without addresses. */
struct elf32 {
	Elf32_Ehdr h;
	Elf32_Phdr p[2];
	uint8_t rest[SIZE - sizeof(Elf32_Ehdr) - 2 * sizeof(Elf32_Phdr)];
};

static void put_header(uint8_t *at, uint32_t flags)
{
	const uint32_t h[3] = {MULTIBOOT_HEADER_MAGIC, flags, -(MULTIBOOT_HEADER_MAGIC + flags)};

	memcpy(at, h, sizeof(h));
}

static void good(struct elf32 *f)
{
	memset(f, 0x90, sizeof(*f));
	f->h = (Elf32_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
			    .e_machine = EM_386,
			    .e_entry = AT + 0x20,
			    .e_phoff = sizeof(Elf32_Ehdr),
			    .e_phentsize = sizeof(Elf32_Phdr),
			    .e_phnum = 2};
	f->p[0] = (Elf32_Phdr){.p_type = PT_LOAD,
			       .p_offset = HEADER,
			       .p_paddr = AT + 0x10,
			       .p_filesz = 0x100,
			       .p_memsz = 0x2000};
	f->p[1] = (Elf32_Phdr){.p_type = PT_NOTE, .p_offset = ~0u, .p_memsz = ~0u};
	put_header((uint8_t *)f + HEADER, 0);
}

static const char *why;
static struct multiboot m;

/* The copy has the file's size and not a byte more, so that a read behind it is found. */
static bool parse(const void *data, size_t size)
{
	struct blob b = {malloc(size), size};
	bool ok;

	memcpy(b.data, data, size);
	why = NULL;
	ok = multiboot_parse(&b, END, &m, &why);
	CHECK(ok || why);
	free(b.data);
	return ok;
}

TEST(an_elf32_image)
{
	struct elf32 f;

	good(&f);
	CHECK(parse(&f, sizeof(f)));
	CHECK_EQ(m.start, AT);
	CHECK_EQ(m.entry, AT + 0x20);
	CHECK_EQ(m.memory.size, 0x3000);
	CHECK_MEM(m.memory.data + 0x10, (uint8_t *)&f + HEADER, 0x100);
	CHECK_EQ(m.memory.data[0x110], 0); /* .bss */
	blob_free(&m.memory);
}

TEST(an_elf64_image)
{
	struct {
		Elf64_Ehdr h;
		Elf64_Phdr p;
		uint32_t header[3];
	} f = {.h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		     .e_machine = EM_X86_64,
		     .e_entry = AT,
		     .e_phoff = sizeof(Elf64_Ehdr),
		     .e_phentsize = sizeof(Elf64_Phdr),
		     .e_phnum = 1},
	       .p = {.p_type = PT_LOAD,
		     .p_paddr = AT,
		     .p_filesz = sizeof(f),
		     .p_memsz = sizeof(f)}};

	put_header((uint8_t *)f.header, 3);
	CHECK(parse(&f, sizeof(f)));
	CHECK_EQ(m.entry, AT);
	CHECK_MEM(m.memory.data, &f, sizeof(f));
	blob_free(&m.memory);
}

/* 3.1.3: with bit 16 the header alone counts. */
TEST(a_flat_image)
{
	uint8_t f[SIZE] = {0};
	const uint32_t where[5] = {AT + 0x40, AT, 0, AT + 0x1000, AT + 0x60};

	put_header(f + HEADER, BIT(16));
	memcpy(f + HEADER + 12, where, sizeof(where));
	CHECK(parse(f, sizeof(f)));
	CHECK_EQ(m.start, AT);
	CHECK_EQ(m.entry, AT + 0x60);
	CHECK_MEM(m.memory.data, f + HEADER - 0x40, SIZE - (HEADER - 0x40));
	blob_free(&m.memory);
	CHECK(!parse(f, HEADER + 20)); /* cut off within the addresses */
}

static void cut_segment(struct elf32 *f)
{
	f->p[0].p_offset = SIZE - 0xff;
}

static void no_header(struct elf32 *f)
{
	((uint8_t *)f)[HEADER] = 0;
}

static void bad_sum(struct elf32 *f)
{
	((uint8_t *)f)[HEADER + 8]++;
}

static void unknown_need(struct elf32 *f)
{
	put_header((uint8_t *)f + HEADER, BIT(2)); /* a video mode */
}

static void other_machine(struct elf32 *f)
{
	f->h.e_machine = EM_ARM;
}

static void no_elf(struct elf32 *f)
{
	f->h.e_ident[0] = 0;
}

static void table_outside(struct elf32 *f)
{
	f->h.e_phoff = SIZE - 8;
}

static void table_far_outside(struct elf32 *f)
{
	f->h.e_phoff = ~0u;
}

static void more_in_file(struct elf32 *f)
{
	f->p[0].p_memsz = 0xff;
}

static void too_low(struct elf32 *f)
{
	f->p[0].p_paddr = 0xfffff;
}

static void in_the_shim(struct elf32 *f)
{
	f->p[0].p_paddr = END - 0x1fff;
}

static void wraps(struct elf32 *f)
{
	f->p[0].p_memsz = ~0u;
}

static void too_large(struct elf32 *f)
{
	f->p[0].p_memsz = MULTIBOOT_MAX + 1;
}

static void entry_below(struct elf32 *f)
{
	f->h.e_entry = AT - 1;
}

static void entry_behind(struct elf32 *f)
{
	f->h.e_entry = AT + 0x3000;
}

static void nothing(struct elf32 *f)
{
	f->h.e_phnum = 0;
}

/* Each of them changes one thing of a good file. */
TEST(what_cannot_be_loaded_is_refused)
{
	static const struct {
		void (*spoil)(struct elf32 *f);
		const char *says;
	} rows[] = {
		{cut_segment, "a part of it lies outside the file"},
		{no_header, "it has no multiboot header"},
		{bad_sum, "it has no multiboot header"},
		{unknown_need, "its multiboot header asks for what is not known here"},
		{other_machine, "it is an ELF file for another machine"},
		{no_elf, "it is neither an ELF file nor says where it goes"},
		{table_outside, "its program headers lie outside the file"},
		{table_far_outside, "its program headers lie outside the file"},
		{more_in_file, "a part of it is larger in the file than in memory"},
		{too_low, "it wants to lie below 1 MiB"},
		{in_the_shim, "it does not fit below the shim"},
		{wraps, "it does not fit below the shim"},
		{too_large, "it takes more than 256 MiB of memory"},
		{entry_below, "its entry lies outside of it"},
		{entry_behind, "its entry lies outside of it"},
		{nothing, "it has nothing to load"},
	};
	struct elf32 f;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		good(&f);
		rows[i].spoil(&f);
		check_context("row %u", i);
		CHECK(!parse(&f, sizeof(f)));
		CHECK_STR(why, rows[i].says);
		CHECK(!m.memory.data);
	}
}

/* Every length: nothing behind the file is read (the sanitizer would say so). */
TEST(a_file_that_is_cut_off_anywhere)
{
	struct elf32 f;

	good(&f);
	for (size_t n = 1; n < sizeof(f); n++)
		if (parse(&f, n))
			blob_free(&m.memory);
	CHECK(!parse(&f, HEADER + 11));
}
