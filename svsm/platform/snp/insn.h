/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Decoder for the instructions of the SVSM itself that raise #VC: there are few, and our own
 * compiler and assembler make them. Portable.
 */
#include "base/types.h"

enum insn_op {
	INSN_NONE, /* not one of these */
	INSN_CPUID,
	INSN_RDMSR,
	INSN_WRMSR,
	INSN_IN,
	INSN_OUT,
	INSN_RDTSC,
	INSN_RDTSCP,
	INSN_WBINVD,
	INSN_RDPMC,
	INSN_VMMCALL,
};

struct insn {
	enum insn_op op;
	uint8_t len;   /* bytes, 1..15 */
	uint8_t width; /* IN, OUT: 1, 2 or 4 bytes */
	bool port_imm; /* IN, OUT: port is imm, else DX */
	uint8_t imm;
};

#define INSN_MAX 15

/* Decode one instruction of at most len bytes. False (and op INSN_NONE) for every other
 * instruction, and when the bytes do not suffice. */
bool insn_decode(const uint8_t *bytes, size_t len, struct insn *out);
