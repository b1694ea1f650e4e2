/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Exceptions in the SVSM: cpu/entry.S calls these. */
#include "base/types.h"

struct frame;

/* Where the handler shall run: the frame itself, or its copy on the interrupted stack. Must not
 * fault. */
struct frame *exception_stack(struct frame *f);
void exception_dispatch(struct frame *f);

/* "#PF"; "interrupt" from 32 on. */
const char *exception_name(uint64_t vector);
