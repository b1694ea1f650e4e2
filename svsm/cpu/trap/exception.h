/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Exceptions in the SVSM: cpu/trap/entry.S calls these. */
#include "base/types.h"

struct frame;

/* The frame that the handler shall run on: f itself, or its copy on the interrupted stack. Runs on
 * f's IST stack and must not fault. */
struct frame *exception_stack(struct frame *f);
/* Handle it. Returns when the interrupted code can go on, else panics. */
void exception_dispatch(struct frame *f);

/* A name for the log: "#PF" for vector 14; "interrupt" for vectors from 32 on. */
const char *exception_name(uint64_t vector);
