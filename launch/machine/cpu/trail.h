/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The trail of a run that can be repeated: every exit of every vCPU is folded into one number, in
 * the order in which they come, and each MACHINE_TRAIL_EVERY of them are a line "COUNT HASH" on
 * MACHINE_TRAIL_PORT, the last one "end COUNT HASH". Behind exit host_options.trail_from the lines
 *
 *	exit N vcpu V vmpl L code 0x... rip 0x... tsc T
 *
 * of the next MACHINE_TRAIL_EVERY come before the last line: the guest cannot tell whether they are
 * asked for. A newline goes before what the end writes, since a CPU may have stopped within a line:
 * one that is neither of these is to be passed over. docs/reproduce.md
 */
#include "machine/cpu/vcpu.h"

/* v has left its guest. Any CPU. */
void trail_exit(const struct vcpu *v, uint64_t code, uint64_t rip, uint64_t tsc);
/* The end of the run: no other CPU runs, one may have stopped anywhere. */
void trail_end(void);
