/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The prefixes of an x86 instruction: AMD APM vol. 3, 1.2. Of a group's prefixes the last one
 * counts. REX counts only right before the opcode, and only in 64-bit mode. There the overrides of
 * ES, CS, SS and DS are ignored: they do not take an FS or GS back either.
 */
#include "base/types.h"

#define INSN_MAX 15 /* bytes of an instruction */

/* What CS.L and CS.D make of code. The value is the address size in bytes. */
enum insn_mode {
	INSN_MODE16 = 2,
	INSN_MODE32 = 4,
	INSN_MODE64 = 8,
};

/* As in EXITINFO1 of an IOIO exit: APM vol. 2, 15.10.2. */
enum insn_segment {
	INSN_ES,
	INSN_CS,
	INSN_SS,
	INSN_DS,
	INSN_FS,
	INSN_GS,
};

struct insn_prefixes {
	uint8_t length;  /* bytes, REX included; the opcode stands behind them */
	uint8_t rex;     /* 40h..4Fh; 0: there is none that counts */
	uint8_t rep;     /* F2h or F3h; 0: neither */
	uint8_t segment; /* enum insn_segment; DS when nothing overrides it */
	bool data;       /* 66h */
	bool address;    /* 67h */
	bool lock;       /* F0h */
};

/* The prefixes at the start of n bytes, of which 15 at most are looked at. Nothing needs to stand
 * behind them. */
void prefixes_read(struct insn_prefixes *p, const uint8_t *bytes, size_t n, enum insn_mode mode);
