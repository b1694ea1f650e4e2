/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The bare machine under the monitor (launch/machine/host/): memory, processors, interrupts, time,
 * log. Everything here runs in host mode with interrupts off unless it says otherwise.
 */
#include "base/addr.h"
#include "abi/native.h"

#define HOST_MAX_CPUS 33 /* CPU 0 plus 32 vCPUs */

/* ---- log.c: lines to NATIVE_MONITOR_LOG_PORT; callable from anywhere, any CPU ---- */
void host_log(const char *fmt, ...) PRINTF(1, 2);
/* The run is over: log "exit: ..." and leave QEMU with that code. Stops every CPU. */
NORETURN void host_exit(enum native_exit code, const char *fmt, ...) PRINTF(2, 3);
/* The monitor itself is wrong: registers and stack, then NATIVE_EXIT_MONITOR. */
NORETURN void host_fault(const char *fmt, ...) PRINTF(1, 2);
/* For what cannot happen; never for what a guest can cause. */
#define HOST_ASSERT(c) ((c) ? (void)0 : host_fault("%s:%d: assertion %s", __FILE__, __LINE__, #c))

/* ---- mem.c: the monitor's block at the top of low RAM, and the direct map of all RAM ---- */
/* Zeroed, physically contiguous; never NULL: out of memory is a fault. */
void *host_pages_alloc(unsigned count);
void *host_pages_try(unsigned count); /* the same, NULL when there are none */
void host_pages_free(void *p, unsigned count);
void *host_ptr(hpa_t pa); /* direct map; pa must be RAM, or MMIO below 4G or in the 64-bit window */
hpa_t host_pa(const void *p);
/* True when [g, g+len) lies wholly in RAM that belongs to the guest (not the monitor's block). */
bool host_guest_ram(gpa_t g, uint64_t len);
bool host_is_ram(hpa_t pa, uint64_t len); /* any byte of it is RAM, the monitor's block included */
uint64_t host_ram_end(void); /* first address after the last RAM byte, for sizing tables */

struct host_range {
	uint64_t base, size;
};
/* Guest RAM ranges in ascending order. */
unsigned host_guest_ranges(const struct host_range **r);

/* ---- smp.c: CPU 0 is the monitor's own, CPUs 1..N run vCPU 0..N-1; APIC ID = CPU number ---- */
unsigned host_cpus(void);     /* all, CPU 0 included */
unsigned host_cpu(void);      /* this one */
void host_kick(unsigned cpu); /* make that CPU leave its guest or its halt; asynchronous */

/* ---- irq.c ---- */
/* Take all pending hardware interrupts now (a window with IF=1). Vectors below HOST_VECTOR_OWN go
 * to hv_host_interrupt(vector, level), already acknowledged when edge; a level one stays in service
 * until host_irq_eoi_level(vector). */
void host_irq_window(void);
void host_irq_eoi_level(unsigned vector);
/* LDR and DFR of this CPU's physical local APIC (xAPIC layout): what the guest chose, so that
 * messages of devices in logical mode reach it. */
void host_lapic_set_logical(uint32_t ldr, uint32_t dfr);
void host_halt(void);        /* sleep until an interrupt, take it, return with IF=0 */
#define HOST_VECTOR_OWN 0xf0 /* from here on: the monitor's kick, timer and spurious vectors */

/* ---- time.c ---- */
uint64_t host_tsc_khz(void);
/* One-shot on this CPU: ends host_halt() and makes the guest exit. */
void host_timer_arm(uint64_t tsc_deadline);
void host_timer_stop(void);
/* Sleep until an interrupt was taken, at most this many TSC ticks; the armed timer stays armed. */
void host_nap(uint64_t tsc_ticks);

/* ---- fwcfg.c ---- */
struct fwcfg_file {
	uint16_t select;
	uint32_t size;
};
bool fwcfg_find(const char *name, struct fwcfg_file *f);
/* Read len bytes at offset of the file into physical memory at dst, by DMA. False on error. */
bool fwcfg_read(const struct fwcfg_file *f, uint32_t offset, hpa_t dst, uint32_t len);

/* ---- options (NATIVE_FW_OPTIONS) ---- */
struct host_options {
	bool strict, stats, trace;
	bool turns; /* all CPUs share one host thread (-icount): irq_turn() */
};
extern struct host_options host_options;
