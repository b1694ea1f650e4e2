/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Host mode runs with interrupts off; they are taken in the windows below, on the CPU that calls.
 * Those of the monitor are served there, a guest's go to upcall_interrupt().
 */
#include "base/types.h"

/* Take all pending hardware interrupts now (a window with IF=1). */
void host_irq_window(void);
/* The same; true: there was one. For CPU 0, whose interrupts irq_cause() does not tell apart. */
bool host_irq_came(void);
/* A guest is done with a level interrupt: end it, as far as the order of service allows. */
void host_irq_eoi_level(unsigned vector);
void host_halt(void); /* sleep until an interrupt, take it, return with IF=0 */
/* Sleep until an interrupt was taken, at most this many TSC ticks. The armed timer stays armed
 * unless its time is over on return: then who armed it has to look, as behind its interrupt, before
 * host_halt(). */
void host_nap(uint64_t tsc_ticks);
