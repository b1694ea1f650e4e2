/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What objdump says of MOV and MOVZX in 64-bit mode, in the decoder's words. */
#include "lib/insn/move.h"

/* text: "addr32 movzwl %fs:0x10(%eax,%ecx,4),%edx"; it is written to. The length is 1 for a form
 * with memory and a general register or an immediate, 0 for all others; the address size is 0. */
struct insn_move objdump_read_move(char *text);
