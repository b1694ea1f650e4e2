/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The first stack of a process: what a C library reads before main(), as the psABI wants it.
 * Called once for each process, by process_create(), after elf_load(). It needs random numbers,
 * for the C library's canary.
 */
#include "cpu/random.h"
#include "lib/string.h"
#include "platform/platform.h"
#include "user/elf.h"

/* Types of the auxiliary vector: AMD64 supplement 3.4.3, <elf.h> */
enum {
	AT_NULL = 0,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_PAGESZ = 6,
	AT_BASE = 7,
	AT_FLAGS = 8,
	AT_ENTRY = 9,
	AT_UID = 11,
	AT_EUID = 12,
	AT_GID = 13,
	AT_EGID = 14,
	AT_PLATFORM = 15,
	AT_HWCAP = 16,
	AT_CLKTCK = 17,
	AT_SECURE = 23,
	AT_RANDOM = 25,
	AT_EXECFN = 31,
};

#define NAME_MAX 64

/* Lies at the very top of the stack; the vectors point into it. */
struct strings {
	uint8_t random[16];
	char platform[8];
	char name[NAME_MAX];
};

struct vectors {
	uint64_t argc, argv[2], envp[1];
	uint64_t aux[18][2];
};
_Static_assert(sizeof(struct vectors) % 16 == 0 && sizeof(struct strings) % 8 == 0,
	       "psABI 3.4.1: RSP is 16-byte aligned at entry");

static void fill(struct vectors *v, const struct elf_program *prog, uint64_t at)
{
	uint64_t name = at + offsetof(struct strings, name);
	uint32_t r[4];

	platform->cpuid(1, 0, r);
	*v = (struct vectors){.argc = 1,
			      .argv = {name, 0},
			      .aux = {
				      {AT_PHDR, prog->phdr},
				      {AT_PHENT, 56},
				      {AT_PHNUM, prog->phnum},
				      {AT_PAGESZ, PAGE_SIZE},
				      {AT_BASE, 0},
				      {AT_FLAGS, 0},
				      {AT_ENTRY, prog->entry},
				      {AT_UID, 0},
				      {AT_EUID, 0},
				      {AT_GID, 0},
				      {AT_EGID, 0},
				      {AT_PLATFORM, at + offsetof(struct strings, platform)},
				      {AT_HWCAP, r[3]},
				      {AT_CLKTCK, 100},
				      {AT_SECURE, 0}, /* 1 would ask for open files 0 to 2 */
				      {AT_RANDOM, at + offsetof(struct strings, random)},
				      {AT_EXECFN, name},
				      {AT_NULL, 0},
			      }};
}

const char *elf_stack(struct space *s, const char *name, const struct elf_program *prog,
		      uint64_t *rsp)
{
	struct strings t = {.platform = "x86_64"};
	uint64_t at = ELF_STACK_TOP - sizeof(t);
	struct vectors v;
	bool ok;

	at = ALIGN_DOWN(at, 16);
	memcpy(t.name, name, strnlen(name, NAME_MAX - 1));
	if (!random_fill(t.random, sizeof(t.random)))
		return "the processor gives no random numbers";
	fill(&v, prog, at);
	*rsp = at - sizeof(v);
	ok = space_map(s, ELF_STACK_TOP - ELF_STACK_SIZE, ELF_STACK_SIZE, SPACE_R | SPACE_W) &&
	     space_write(s, at, &t, sizeof(t)) && space_write(s, *rsp, &v, sizeof(v));
	string_wipe(t.random, sizeof(t.random));
	return ok ? NULL : "no memory for the stack";
}
