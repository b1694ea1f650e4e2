/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * reset.S: the first steps of firmware at a lower VMPL, from the state after INIT: real mode, then
 * 32-bit protected mode without paging, and there CPUID, whose #VC its own handler serves by the
 * MSR protocol. It ends by RUN_VMPL(0).
 */
#include "base/types.h"

/* Real mode begins here; within 64 KiB of it lies all that is read before protected mode. */
extern const uint8_t reset_vector[];
/* The handler of #VC, in 32-bit code; its gate is the caller's to make, in reset_idt. */
extern const uint8_t reset_vc[];
extern uint64_t reset_idt[32];

#define RESET_SELECTOR 8 /* 32-bit code in reset.S's GDT */

/* What it found, for the test to judge. */
struct reset_found {
	uint32_t error;      /* that #VC pushed */
	uint32_t distance;   /* of the EIP in the frame from the CPUID instruction */
	uint32_t cs, eflags; /* of the frame */
	uint32_t calls;      /* of the handler */
	uint32_t cpuid[4];   /* EAX to EDX of leaf 0x8000001f */
};
extern struct reset_found reset_found;
