/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Port I/O of the SVSM's own code, done by the hypervisor: GHCB (56421), IOIO. */
#include "cpu/frame.h"
#include "lib/insn/decode.h"

/* IN and OUT, completed in *f but for RIP. False: the hypervisor refused; *f is as it was. */
bool vc_io(struct frame *f, const struct insn *i);

/*
 * INS and OUTS, with or without a repeat prefix: as many accesses as the GHCB's buffer takes and as
 * lie in one page. rSI or rDI and rCX in *f are those behind them; while rCX is not 0 yet the
 * instruction goes on where it stopped, by another #VC. `base` is the base of its segment.
 *
 * The memory must be private memory of the SVSM's image and heap, writable for INS. False: it is
 * not, or the hypervisor refused. *f is then as it was, which is what a fault leaves: what was done
 * before is done, the access that failed stands next.
 */
bool vc_io_string(struct frame *f, const struct insn *i, uint64_t base);
