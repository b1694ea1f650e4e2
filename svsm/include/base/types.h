/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Types and small macros that every image and the host tools share. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT         12
#define PAGE_SIZE          0x1000ull
#define PAGE_MASK          0xfffull
#define SIZE_2M            0x200000ull
#define MASK_2M            0x1fffffull
#define SIZE_1G            0x40000000ull
#define PFNS_2M            512u

#define BIT(n)             (1ull << (n))
#define ARRAY_LEN(a)       (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)     (((x) + (a)-1) & ~((uint64_t)(a)-1))
#define ALIGN_DOWN(x, a)   ((x) & ~((uint64_t)(a)-1))
#define IS_ALIGNED(x, a)   (((x) & ((uint64_t)(a)-1)) == 0)
#define MIN(a, b)          ((a) < (b) ? (a) : (b))
#define MAX(a, b)          ((a) > (b) ? (a) : (b))

#define PACKED             __attribute__((packed))
#define ALIGNED(n)         __attribute__((aligned(n)))
#define NORETURN           __attribute__((noreturn))
#define PRINTF(f, a)       __attribute__((format(printf, f, a)))
#define NO_STACK_PROTECTOR __attribute__((no_stack_protector))
#define UNUSED             __attribute__((unused))
#define SECTION(s)         __attribute__((section(s), used))

/* Every ABI size and offset is pinned with this; msg names the specification's table. */
#define ABI_SIZE(type, size, msg)         _Static_assert(sizeof(type) == (size), msg)
#define ABI_OFFSET(type, field, off, msg) _Static_assert(offsetof(type, field) == (off), msg)

/* Exactly one read, one write: for memory that somebody else may change at any time. */
#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
