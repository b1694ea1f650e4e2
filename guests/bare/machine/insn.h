/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "base/types.h"

/* insn.S: functions that execute one instruction; NAME_at is that instruction's address. */
#define INSN(name)                                                                                 \
	void insn_##name(void);                                                                    \
	extern const uint8_t insn_##name##_at[];

INSN(cpuid)
INSN(rdmsr)
INSN(wrmsr)
INSN(in)
INSN(out)
INSN(outs)
INSN(mmio_read)
INSN(mmio_write)
INSN(wbinvd)
INSN(invd)
INSN(monitor)
INSN(mwait)
INSN(dr7_read)
INSN(dr7_write)
INSN(rdpmc)
INSN(vmmcall)
INSN(rmpupdate)
INSN(psmash)
INSN(vmrun)
INSN(vmload)
INSN(vmsave)
INSN(clgi)
INSN(stgi)
INSN(skinit)
INSN(touch_read)
INSN(touch_write)
INSN(touch_exec)
INSN(pvalidate)
INSN(rmpadjust)
INSN(hlt)
INSN(rdtsc)
INSN(rdtscp)
INSN(int50)
INSN(int_3)
INSN(int3)
INSN(nop)
INSN(pause)
INSN(vmgexit)
void insn_end_user(void); /* where a CPL 3 stack returns to: UD2 */
/* The address that the touch_* functions use. */
extern volatile uint64_t insn_target;
