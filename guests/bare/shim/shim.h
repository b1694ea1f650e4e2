/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The shim: it runs at VMPL0 and serves a payload at VMPL2 that knows nothing of SEV-SNP
 * (docs/payload.md). The payload's VMSA has SEV_FEATURES[1], so that it needs no C-bit, and [2], so
 * that each #VC comes here instead of to its handlers.
 */
#include "abi/vmsa.h"
#include "base/x86.h"
#include "bare/lib/percpu.h"

#define SHIM_VMPL 2 /* the payload's */

struct shim_cpu {
	struct vmsa *vmsa; /* the payload's on this vCPU; ours to change while it does not run */
	struct vmsa *own;  /* VMPL0's, of a vCPU that the payload has started */
	uint32_t icr2;     /* the destination that it has written in xAPIC mode */
	bool started;
};

/* The vCPU that runs this. */
struct shim_cpu *shim_cpu(void);
struct shim_cpu *shim_cpu_at(unsigned index);
unsigned shim_cpus(void);

/* memory.c: validates the payload's RAM and gives it to VMPL2; ends the run when it cannot. */
void memory_init(void);
uint64_t memory_top(void); /* the payload's RAM ends there */
/* RAM of the payload; NULL where [gpa, gpa + n) is not all of it. */
void *memory_at(uint64_t gpa, uint64_t n);

/* vcpus.c */
NORETURN void vcpus_boot(const char *cmdline);  /* the payload on the boot vCPU; does not return */
void vcpus_start(unsigned cpu, uint8_t vector); /* SIPI */
void vcpus_stop(unsigned cpu);                  /* INIT */

/* linear.c: the payload's memory as its own processor sees it. n of at most a page. False: there is
 * no page, or no RAM. */
bool linear_read(const struct vmsa *v, uint64_t la, void *buf, unsigned n);
bool linear_write(const struct vmsa *v, uint64_t la, const void *buf, unsigned n);
bool linear_mode64(const struct vmsa *v);
uint64_t linear_rip(const struct vmsa *v);

/* events.c: does what the payload left for. */
void events_serve(struct shim_cpu *c);
/* The payload cannot go on: a line for the log, and the run ends as the guest's failure. */
NORETURN void shim_fail(const char *fmt, ...) PRINTF(1, 2);
NORETURN void shim_exit(uint32_t code); /* main.c: the payload's own end */

/* mmio.c: the access at gpa that RIP makes. */
void mmio_serve(struct shim_cpu *c, uint64_t gpa);
uint64_t shim_gpr(const struct vmsa *v, unsigned n); /* in encoding order */
void shim_gpr_set(struct vmsa *v, unsigned n, unsigned size, uint64_t value);

/* inject.c: an exception, delivered as the processor would. error < 0: it has no error code. */
void inject(struct vmsa *v, uint8_t vector, int64_t error);

/* startup.c: an ICR that asks for INIT or SIPI is ours. False: it is the hypervisor's. */
bool startup_icr(struct shim_cpu *c, uint32_t low, uint32_t dest, bool x2);
