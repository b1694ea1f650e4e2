/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "bare/fastmmio/forms.h"

/* The old value is in RAX, or in the register that the instruction names. */
#define LOAD(name, text)                                                                           \
	static uint64_t name(uint64_t at, uint64_t old)                                            \
	{                                                                                          \
		__asm__ volatile(text : "+a"(old) : "d"(at), "c"(0x10ull) : "memory");             \
		return old;                                                                        \
	}
#define LOAD_BY(name, reg, text)                                                                   \
	static uint64_t name(uint64_t at, uint64_t old)                                            \
	{                                                                                          \
		__asm__ volatile("mov %%rax, %%" reg "\n\t" text "\n\tmov %%" reg ", %%rax"        \
				 : "+a"(old)                                                       \
				 : "d"(at), "c"(0x10ull)                                           \
				 : "memory", reg);                                                 \
		return old;                                                                        \
	}

LOAD(load32, "movl (%%rdx), %%eax")
LOAD(load64, "movq (%%rdx), %%rax")
LOAD(load16, "movw (%%rdx), %%ax")
LOAD(load8, "movb (%%rdx), %%al")
LOAD(load8_high, "movb (%%rdx), %%ah")
LOAD_BY(load8_sil, "rsi", "movb (%%rdx), %%sil")
LOAD_BY(load32_r9, "r9", "movl (%%rdx), %%r9d")
LOAD_BY(load64_r14, "r14", "movq (%%rdx), %%r14")
LOAD(zero8, "movzbl (%%rdx), %%eax")
LOAD(zero8_64, "movzbq (%%rdx), %%rax")
LOAD(zero8_16, "movzbw (%%rdx), %%ax")
LOAD(zero16, "movzwl (%%rdx), %%eax")
LOAD_BY(zero16_r8, "r8", "movzwq (%%rdx), %%r8")
LOAD(indexed, "movl -0x40(%%rdx,%%rcx,4), %%eax")
LOAD(displaced, "movl -0x10(%%rdx,%%rcx), %%eax")
LOAD(distant, "subq $0x12345678, %%rdx\n\tmovl 0x12345678(%%rdx), %%eax\n\taddq $0x12345678, %%rdx")
LOAD(short_address, "movl (%%edx), %%eax")
LOAD_BY(base_r12, "r12", "movq %%rdx, %%r12\n\tmovl (%%r12), %%r12d")
LOAD_BY(base_r13, "r13", "movq %%rdx, %%r13\n\tmovl (%%r13), %%r13d")

const struct load loads[] = {
	{"MOV r32", 4, load32, 4},
	{"MOV r64", 8, load64, 8},
	{"MOV r16", 2, load16, 2},
	{"MOV AL", 1, load8, 1},
	{"MOV AH", 1, load8_high, HIGH},
	{"MOV SIL", 1, load8_sil, 1},
	{"MOV R9D", 4, load32_r9, 4},
	{"MOV R14", 8, load64_r14, 8},
	{"MOVZX r32, m8", 1, zero8, 4},
	{"MOVZX r64, m8", 1, zero8_64, 8},
	{"MOVZX r16, m8", 1, zero8_16, 2},
	{"MOVZX r32, m16", 2, zero16, 4},
	{"MOVZX R8, m16", 2, zero16_r8, 8},
	{"base, index", 4, indexed, 4},
	{"a byte more", 4, displaced, 4},
	{"32 bits more", 4, distant, 4},
	{"address of 32 bits", 4, short_address, 4},
	{"base R12", 4, base_r12, 4},
	{"base R13", 4, base_r13, 4},
};
const unsigned load_count = ARRAY_LEN(loads);

#define STORE(name, text)                                                                          \
	static void name(uint64_t at)                                                              \
	{                                                                                          \
		__asm__ volatile(text : : "d"(at), "a"(STORED) : "memory", "r10");                 \
	}

STORE(store32, "movl %%eax, (%%rdx)")
STORE(store64, "movq %%rax, (%%rdx)")
STORE(store16, "movw %%ax, (%%rdx)")
STORE(store8, "movb %%al, (%%rdx)")
STORE(store8_high, "movb %%ah, (%%rdx)")
STORE(store32_r10, "movq %%rax, %%r10\n\tmovl %%r10d, 4(%%rdx)")
STORE(immediate32, "movl $0x89abcdef, (%%rdx)")
STORE(immediate64, "movq $-2, (%%rdx)")
STORE(immediate16, "movw $0x1234, (%%rdx)")
STORE(immediate8, "movb $0x12, (%%rdx)")

const struct store stores[] = {
	{"MOV m32, r32", store32, 0, 4, (uint32_t)STORED},
	{"MOV m64, r64", store64, 0, 8, STORED},
	{"MOV m16, r16", store16, 0, 2, (uint16_t)STORED},
	{"MOV m8, AL", store8, 0, 1, (uint8_t)STORED},
	{"MOV m8, AH", store8_high, 0, 1, (uint8_t)(STORED >> 8)},
	{"MOV m32, R10D", store32_r10, 4, 4, (uint32_t)STORED},
	{"MOV m32, immediate", immediate32, 0, 4, 0x89abcdef},
	{"MOV m64, immediate", immediate64, 0, 8, -2ull},
	{"MOV m16, immediate", immediate16, 0, 2, 0x1234},
	{"MOV m8, immediate", immediate8, 0, 1, 0x12},
};
const unsigned store_count = ARRAY_LEN(stores);
