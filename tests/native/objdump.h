/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What objdump says of an instruction, in the decoder's words. */
#include "lib/insn/decode.h"

struct objdump_verdict {
	struct insn
		i; /* length and port forms included where it knows them; length is the caller's */
	bool bad;  /* it knows no such instruction */
};

/*
 * text: "lock data16 outsb %ds:(%rsi),(%dx)"; it is written to. What objdump does not say: a LOCK
 * that it prints is #UD (APM vol. 3, 1.2.5), but for MOV CRn in 64-bit mode, where it stands for
 * the upper bit of the number as in the other modes; and of control and debug registers it prints
 * those that do not exist, too (MOV CRn, MOV DRn: #UD).
 */
struct objdump_verdict objdump_read(char *text, enum insn_mode mode);

/* fn for each line of objdump's listing of a file: the offset, the instruction's bytes, and the
 * text without the end of the line; NULL where there is none. machine: objdump's -m. False: it
 * failed.
 */
typedef void objdump_line_fn(unsigned long at, unsigned length, char *text);
bool objdump_lines(const char *machine, const char *path, objdump_line_fn *fn);
