/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The loader of ring 3's programs against files that were made to break it.
 *
 * sources: svsm/user/elf.c svsm/user/elf_stack.c svsm/user/space.c tests/native/fake_user.c
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "base/x86.h"
#include "tests/native/check.h"
#include "tests/native/fake_user.h"
#include "user/elf.h"

#define LIMIT 400
#define TEXT  0x400000ull
#define DATA  0x402000ull

/* A good program: headers and text in one page of the file, data in the next, .bss behind it. */
struct file {
	Elf64_Ehdr h;
	Elf64_Phdr p[4];
	uint8_t text[PAGE_SIZE - sizeof(Elf64_Ehdr) - 4 * sizeof(Elf64_Phdr)];
	uint8_t data[PAGE_SIZE];
};
#define ENTRY (TEXT + offsetof(struct file, text))

static void good(struct file *f)
{
	memset(f, 0, sizeof(*f));
	f->h = (Elf64_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			    .e_type = ET_EXEC,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_entry = ENTRY,
			    .e_phoff = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 4};
	f->p[0] = (Elf64_Phdr){.p_type = PT_LOAD,
			       .p_flags = PF_R | PF_X,
			       .p_vaddr = TEXT,
			       .p_filesz = PAGE_SIZE,
			       .p_memsz = PAGE_SIZE};
	f->p[1] = (Elf64_Phdr){.p_type = PT_LOAD,
			       .p_flags = PF_R | PF_W,
			       .p_offset = PAGE_SIZE + 0x10,
			       .p_vaddr = DATA + 0x10,
			       .p_filesz = 0x100,
			       .p_memsz = 0x1800};
	f->p[2] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
	f->p[3] = (Elf64_Phdr){.p_type = PT_NOTE};
	memset(f->text, 0x90, sizeof(f->text));
	for (unsigned i = 0; i < sizeof(f->data); i++)
		f->data[i] = (uint8_t)(i * 3 + 1);
}

static struct file *file(void)
{
	struct file *f = aligned_alloc(PAGE_SIZE, sizeof(*f));

	good(f);
	return f;
}

struct loaded {
	struct space s;
	struct elf_program prog;
	const char *why;
};

static struct loaded load(const void *file, size_t size)
{
	struct loaded l = {0};

	CHECK(space_create(&l.s, LIMIT));
	l.why = elf_load(&l.s, file, size, &l.prog);
	return l;
}

static void unload(struct loaded *l)
{
	fake_check_space(&l->s);
	space_destroy(&l->s);
	CHECK_EQ(fake_pages, 0);
}

TEST(a_good_program)
{
	struct file *f = file();
	struct loaded l = load(f, sizeof(*f));

	CHECK(!l.why);
	CHECK_EQ(l.prog.entry, ENTRY);
	CHECK_EQ(l.prog.phdr, TEXT + sizeof(Elf64_Ehdr));
	CHECK_EQ(l.prog.phnum, 4);
	CHECK_EQ(l.prog.brk, DATA + 0x2000);
	CHECK(fake_byte(&l.s, TEXT, SPACE_X) == (uint8_t *)f); /* in place */
	CHECK(!fake_byte(&l.s, TEXT, SPACE_W) && !fake_byte(&l.s, DATA, SPACE_X));
	for (unsigned i = 0; i < 0x1800; i++)
		if (!CHECK_EQ(*fake_byte(&l.s, DATA + 0x10 + i, SPACE_W),
			      i < 0x100 ? f->data[0x10 + i] : 0))
			break;
	CHECK_EQ(*fake_byte(&l.s, DATA + 1, SPACE_R), 0); /* not the file's byte in front */
	unload(&l);
	free(f);
}

TEST(a_file_that_is_not_aligned_is_copied)
{
	uint8_t *raw = malloc(sizeof(struct file) + 8);
	struct file *f = file();
	struct loaded l;

	memcpy(raw + 8, f, sizeof(*f));
	l = load(raw + 8, sizeof(*f));
	CHECK(!l.why);
	CHECK(fake_byte(&l.s, ENTRY, SPACE_X) != raw + 8 + offsetof(struct file, text));
	CHECK_EQ(*fake_byte(&l.s, ENTRY, SPACE_X), 0x90);
	unload(&l);
	free(f);
	free(raw);
}

TEST(static_pie)
{
	struct file *f = file();
	struct loaded l;

	f->h.e_type = ET_DYN;
	f->h.e_entry -= TEXT;
	f->p[0].p_vaddr -= TEXT;
	f->p[1].p_vaddr -= TEXT;
	l = load(f, sizeof(*f));
	CHECK(!l.why);
	CHECK_EQ(l.prog.entry, ENTRY - TEXT + ELF_PIE_BASE);
	CHECK(fake_byte(&l.s, ELF_PIE_BASE, SPACE_X) == (uint8_t *)f);
	unload(&l);
	free(f);
}

/* ---- one thing wrong ---- */

#define BAD(name, change)                                                                          \
	static void bad_##name(struct file *f)                                                     \
	{                                                                                          \
		change;                                                                            \
	}
BAD(magic, f->h.e_ident[0] = 0)
BAD(class, f->h.e_ident[4] = ELFCLASS32)
BAD(endian, f->h.e_ident[5] = ELFDATA2MSB)
BAD(machine, f->h.e_machine = EM_386)
BAD(type, f->h.e_type = ET_REL)
BAD(core, f->h.e_type = ET_CORE)
BAD(phentsize, f->h.e_phentsize = 32)
BAD(phnum_0, f->h.e_phnum = 0)
BAD(phnum_max, f->h.e_phnum = 0xffff)
BAD(phoff_end, f->h.e_phoff = sizeof(*f) - 10)
BAD(phoff_wraps, f->h.e_phoff = ~0ull - 8)
BAD(no_load, f->p[0].p_type = f->p[1].p_type = PT_NULL)
BAD(interp, f->p[3].p_type = PT_INTERP)
BAD(stack_x, f->p[2].p_flags |= PF_X)
BAD(w_and_x, f->p[1].p_flags |= PF_X)
BAD(text_w, f->p[0].p_flags |= PF_W)
BAD(not_readable, f->p[0].p_flags = PF_X)
BAD(offset_end, f->p[1].p_offset = sizeof(*f) - 0x50)
BAD(offset_wraps, f->p[1].p_offset = ~0ull - 0x50)
BAD(filesz_huge, f->p[1].p_filesz = f->p[1].p_memsz = ~0ull - 0x100)
BAD(filesz_above_memsz, f->p[1].p_memsz = 0x80)
BAD(memsz_huge, f->p[1].p_memsz = ~0ull - DATA)
BAD(memsz_wraps, f->p[1].p_memsz = 0ull - DATA - 0x10)
BAD(memsz_no_memory, f->p[1].p_memsz = LIMIT * PAGE_SIZE)
BAD(address_kernel, f->p[1].p_vaddr = 0xffffffff80000010)
BAD(address_guest, f->p[1].p_vaddr = 0xffff800000000010)
BAD(address_hole, f->p[1].p_vaddr = 0x800000000010)
BAD(address_stack, f->p[1].p_vaddr = ELF_STACK_TOP - PAGE_SIZE + 0x10)
BAD(address_mmap, f->p[1].p_vaddr = ELF_IMAGE_END - 0x1000 + 0x10)
BAD(address_null, (f->p[0].p_vaddr = 0, f->h.e_entry = offsetof(struct file, text)))
BAD(address_low, (f->p[0].p_vaddr = 0xf000, f->h.e_entry = 0xf000 + offsetof(struct file, text)))
BAD(overlap, f->p[1].p_vaddr = TEXT + 0x10)
BAD(overlap_page, (f->p[0].p_filesz = f->p[0].p_memsz = 0x800, f->p[1].p_vaddr = TEXT + 0x900))
BAD(out_of_order, f->p[1].p_vaddr = TEXT - 0x10000 + 0x10)
BAD(entry_0, f->h.e_entry = 0)
BAD(entry_data, f->h.e_entry = DATA + 0x20)
BAD(entry_after_text, f->h.e_entry = TEXT + PAGE_SIZE)
BAD(entry_before_text, f->h.e_entry = TEXT - 1)
BAD(entry_kernel, f->h.e_entry = 0xffffffff80001000)
BAD(text_not_executable, f->p[0].p_flags = PF_R)
BAD(pie_wraps, (f->h.e_type = ET_DYN, f->p[1].p_vaddr = ELF_IMAGE_END - 0x3000))

TEST(one_thing_wrong_is_refused)
{
	static const struct {
		const char *name;
		void (*change)(struct file *f);
	} cases[] = {
#define CASE(name) {#name, bad_##name}
		CASE(magic),
		CASE(class),
		CASE(endian),
		CASE(machine),
		CASE(type),
		CASE(core),
		CASE(phentsize),
		CASE(phnum_0),
		CASE(phnum_max),
		CASE(phoff_end),
		CASE(phoff_wraps),
		CASE(no_load),
		CASE(interp),
		CASE(stack_x),
		CASE(w_and_x),
		CASE(text_w),
		CASE(not_readable),
		CASE(offset_end),
		CASE(offset_wraps),
		CASE(filesz_huge),
		CASE(filesz_above_memsz),
		CASE(memsz_huge),
		CASE(memsz_wraps),
		CASE(memsz_no_memory),
		CASE(address_kernel),
		CASE(address_guest),
		CASE(address_hole),
		CASE(address_stack),
		CASE(address_mmap),
		CASE(address_null),
		CASE(address_low),
		CASE(overlap),
		CASE(overlap_page),
		CASE(out_of_order),
		CASE(entry_0),
		CASE(entry_data),
		CASE(entry_after_text),
		CASE(entry_before_text),
		CASE(entry_kernel),
		CASE(text_not_executable),
		CASE(pie_wraps),
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct file *f = file();
		struct loaded l;

		cases[i].change(f);
		check_context("%s", cases[i].name);
		l = load(f, sizeof(*f));
		CHECK(l.why);
		unload(&l);
		free(f);
	}
}

/* In its own allocation, so that the address sanitizer sees a byte too many. */
TEST(every_length_of_the_file)
{
	struct file *f = file();

	for (size_t n = 0; n < sizeof(*f); n += n < 400 ? 1 : 61) {
		/* as embed.S has it: the last page is the image's to its end */
		uint8_t *cut = aligned_alloc(PAGE_SIZE, ALIGN_UP(n + 1, PAGE_SIZE));
		struct loaded l;

		memcpy(cut, f, n);
		check_context("%lu bytes", n);
		l = load(cut, n);
		CHECK_EQ(!l.why, n >= PAGE_SIZE + 0x110);
		unload(&l);
		free(cut);
	}
	free(f);
}

/* Bytes of the headers at random, interesting values among them: refused, or sound. */
TEST(mutations)
{
	static const uint64_t values[] = {0,          1,          0xfff,      0x1000,
					  0x7fffffff, 0xffffffff, 1ull << 46, USER_END,
					  1ull << 63, ~0ull,      ~0xfffull};
	uint32_t seed = 99;
	unsigned taken = 0;

	for (unsigned round = 0; round < 30000; round++) {
		struct file *f = file();
		unsigned n = 1 + check_random(&seed) % 4;
		struct loaded l;

		while (n--) {
			size_t at = check_random(&seed) % (sizeof(f->h) + sizeof(f->p) - 8);

			if (check_random(&seed) % 2)
				((uint8_t *)f)[at] = (uint8_t)check_random(&seed);
			else
				memcpy((uint8_t *)f + (at & ~7ul),
				       &values[check_random(&seed) % ARRAY_LEN(values)], 8);
		}
		check_context("round %u", round);
		l = load(f, sizeof(*f));
		taken += !l.why;
		if (!l.why) {
			CHECK(fake_byte(&l.s, l.prog.entry, SPACE_X));
			CHECK(l.prog.brk <= ELF_IMAGE_END);
		}
		unload(&l);
		free(f);
	}
	CHECK(taken > 1000 && taken < 29000);
}

/* ---- the stack ---- */

static uint64_t word(const struct space *s, uint64_t va)
{
	uint64_t v;

	memcpy(&v, fake_byte(s, va, SPACE_W), 8);
	return v;
}

static uint64_t aux(const struct space *s, uint64_t rsp, uint64_t type)
{
	for (uint64_t at = rsp + 32; word(s, at) != AT_NULL; at += 16)
		if (word(s, at) == type)
			return word(s, at + 8);
	CHECK(!"in the auxiliary vector");
	return 0;
}

TEST(stack)
{
	struct elf_program prog = {.entry = 0x1234, .phdr = 0x5678, .phnum = 9};
	uint64_t rsp = 0;
	struct space s;

	CHECK(space_create(&s, LIMIT));
	CHECK(!elf_stack(&s, "the name", &prog, &rsp));
	CHECK_EQ(rsp % 16, 0);
	CHECK_EQ(word(&s, rsp), 1);
	CHECK_STR((char *)fake_byte(&s, word(&s, rsp + 8), SPACE_R), "the name");
	CHECK_EQ(word(&s, rsp + 16), 0);
	CHECK_EQ(word(&s, rsp + 24), 0);
	CHECK_EQ(aux(&s, rsp, AT_ENTRY), 0x1234);
	CHECK_EQ(aux(&s, rsp, AT_PHDR), 0x5678);
	CHECK_EQ(aux(&s, rsp, AT_PHNUM), 9);
	CHECK_EQ(aux(&s, rsp, AT_PHENT), sizeof(Elf64_Phdr));
	CHECK_EQ(aux(&s, rsp, AT_PAGESZ), 4096);
	CHECK_EQ(aux(&s, rsp, AT_HWCAP), 1 + 3); /* fake CPUID leaf 1, EDX */
	CHECK_EQ(*fake_byte(&s, aux(&s, rsp, AT_RANDOM) + 15, SPACE_R), 0x5a);
	CHECK_STR((char *)fake_byte(&s, aux(&s, rsp, AT_PLATFORM), SPACE_R), "x86_64");
	CHECK(!fake_leaf(&s, ELF_STACK_TOP) && !fake_leaf(&s, ELF_STACK_TOP - ELF_STACK_SIZE - 1));
	CHECK(!fake_byte(&s, rsp, SPACE_X));
	space_destroy(&s);
	CHECK_EQ(fake_pages, 0);
}

TEST(stack_cannot_be_had)
{
	char name[300];
	struct elf_program prog = {0};
	uint64_t rsp;
	struct space s;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	CHECK(space_create(&s, LIMIT));
	fake_no_random = true;
	CHECK(elf_stack(&s, name, &prog, &rsp));
	fake_no_random = false;
	CHECK(!elf_stack(&s, name, &prog, &rsp)); /* cut */
	CHECK_EQ(strlen((char *)fake_byte(&s, word(&s, rsp + 8), SPACE_R)), 63);
	CHECK(elf_stack(&s, name, &prog, &rsp)); /* there is one already */
	space_destroy(&s);
	CHECK(space_create(&s, 20));
	CHECK(elf_stack(&s, name, &prog, &rsp));
	space_destroy(&s);
	CHECK_EQ(fake_pages, 0);
}
