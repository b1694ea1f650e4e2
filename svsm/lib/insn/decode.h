/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Lengths and operands of the instructions that are completed in software: those that the machine
 * completes in a guest's name, and those that raise #VC in the SVSM or in a service. AMD APM
 * vol. 3; portable. tests/native/test_decode_objdump.c compares it with another disassembler.
 */
#include "lib/insn/prefixes.h"

enum insn_kind {
	INSN_UNKNOWN,   /* none of these, or the bytes do not hold it whole */
	INSN_UNDEFINED, /* one of these that is #UD whatever the processor's state: a LOCK prefix, a
			   register or a mode that does not exist for it */
	INSN_TOO_LONG,  /* #GP(0): more than 15 bytes */
	INSN_CPUID,
	INSN_RDMSR,
	INSN_WRMSR,
	INSN_RDTSC,
	INSN_RDTSCP,
	INSN_RDPMC,
	INSN_INVD,
	INSN_WBINVD,
	INSN_WBNOINVD,
	INSN_MONITOR,
	INSN_MWAIT,
	INSN_HLT,
	INSN_PAUSE,
	INSN_VMMCALL,
	INSN_VMGEXIT,
	INSN_PVALIDATE,
	INSN_RMPADJUST,
	INSN_RMPQUERY,
	INSN_INVLPGB,
	INSN_TLBSYNC,
	INSN_MOV_FROM_CR,
	INSN_MOV_TO_CR,
	INSN_MOV_FROM_DR,
	INSN_MOV_TO_DR,
	INSN_LMSW, /* register form only */
	INSN_CLTS,
	INSN_IN,
	INSN_OUT,
	INSN_INS,
	INSN_OUTS,
};

struct insn {
	enum insn_kind kind;
	uint8_t length;  /* bytes, 1..15; 0 where it is not known: INSN_UNKNOWN, INSN_TOO_LONG */
	uint8_t address; /* address size in bytes: 2, 4 or 8. It is that of rAX, rCX, rSI and rDI */
	uint8_t reg;     /* MOV CR, MOV DR: number of that register */
	uint8_t rm;      /* MOV CR, MOV DR, LMSW: general register in encoding order */
	uint8_t width;   /* IN, OUT, INS, OUTS: bytes of one access, 1, 2 or 4 */
	uint8_t port;    /* IN, OUT: the port, unless by_dx */
	uint8_t segment; /* INS, OUTS: enum insn_segment of the memory operand; INS has no other
			    than ES */
	bool by_dx;      /* the port is DX */
	bool repeat;     /* INS, OUTS: rCX times */
};

/* Decode the instruction at the start of n bytes, of which 15 at most are read. */
struct insn decode_insn(const uint8_t *bytes, size_t n, enum insn_mode mode);

/* The part of a register that the instruction uses as an address or a count. */
static inline uint64_t insn_cut(const struct insn *i, uint64_t value)
{
	return i->address == 8 ? value : value & (BIT(8 * i->address) - 1);
}
