/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Lengths and operands of the instructions the machine completes itself: AMD APM vol. 3, appendix
 * A. Portable: tests/native/test_decode.c runs it on the host.
 */
#include "base/types.h"

#define INSN_MAX 15

enum insn_kind {
	INSN_UNKNOWN,
	INSN_CPUID,
	INSN_RDMSR,
	INSN_WRMSR,
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
};

struct insn {
	enum insn_kind kind;
	uint8_t length; /* bytes, 1..15 */
	uint8_t reg;    /* control or debug register number, REX.R included */
	uint8_t rm;     /* general register number in encoding order, REX.B included */
	bool addr32;    /* the address size is 32 bits: rAX is EAX */
};

/* Decode the instruction at the start of n bytes. INSN_UNKNOWN for every other instruction, and
 * when n bytes do not hold it whole. */
struct insn decode_insn(const uint8_t *bytes, unsigned n, bool mode64);
