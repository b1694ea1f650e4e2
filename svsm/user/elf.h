/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Loader for static x86-64 programs: System V ABI, gABI chapter 5 and AMD64 supplement 3.4. The
 * file is checked as hostile input. It must not change while it is loaded. Portable.
 */
#include "user/space.h"

/* Where things are in a process. Below the stack lies a gap in which nothing is ever mapped. */
#define ELF_PIE_BASE   0x0000000000400000ull /* where ET_DYN goes */
#define ELF_IMAGE_END  0x0000100000000000ull /* segments lie below, the break begins after them */
#define ELF_MMAP_LOW   ELF_IMAGE_END
#define ELF_MMAP_TOP   0x00007ffffe000000ull
#define ELF_STACK_TOP  0x00007fffff000000ull
#define ELF_STACK_SIZE 0x40000ull

struct elf_program {
	uint64_t entry;
	uint64_t phdr; /* address of the program headers in the process; 0: in no segment */
	uint16_t phnum;
	uint64_t brk; /* first page after the last segment */
};

/*
 * Map the segments into s. A read-only segment whose place in the file is aligned like its address
 * is mapped from the file itself (the file must then be part of the image, in whole pages); the
 * others are copied. NULL: done. Otherwise what was wrong; s may then be partly filled.
 */
const char *elf_load(struct space *s, const void *file, size_t size, struct elf_program *out);

/* Map a stack and put argc, argv (the name alone), an empty environment and the auxiliary vector
 * on it. *rsp: the stack pointer for the program's first instruction. NULL, or what was wrong. */
const char *elf_stack(struct space *s, const char *name, const struct elf_program *prog,
		      uint64_t *rsp);
