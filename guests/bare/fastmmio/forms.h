/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Each form of MOV and MOVZX that the machine completes: APM vol. 3, MOV and MOVZX. */
#include "base/types.h"

#define HIGH   9 /* as a width: bits 8 to 15 of RAX */
#define STORED 0x1122334455667788ull

struct load {
	const char *name;
	unsigned size; /* bytes of memory */
	uint64_t (*run)(uint64_t at, uint64_t old);
	unsigned width; /* bytes of the register that it writes, 1, 2, 4 or 8, or HIGH */
};
extern const struct load loads[];
extern const unsigned load_count;

struct store {
	const char *name;
	void (*run)(uint64_t at);
	unsigned offset, size; /* bytes from at, and how many */
	uint64_t value;        /* what it stores there */
};
extern const struct store stores[];
extern const unsigned store_count;
