/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Talking to the hypervisor: GHCB specification (56421), the MSR protocol and the events.
 * Each vCPU has its own GHCB. Interrupts must be off around everything here: an interrupt handler
 * may use the GHCB too.
 */
#include "abi/ghcb.h"
#include "base/x86.h"
#include "bare/lib/percpu.h"
#include "bare/lib/snp.h"

/* One request by the MSR protocol; the answer is the MSR's new value. The MSR keeps it. */
uint64_t ghcb_msr(uint64_t request);
uint64_t ghcb_msr_psc(uint64_t gpa, unsigned op); /* error[63:32] of the answer, 0 = done */
/* One register (0..3 = EAX..EDX) of a CPUID leaf, subleaf 0. */
uint32_t ghcb_msr_cpuid(uint32_t leaf, unsigned reg);
NORETURN void ghcb_terminate(unsigned set, unsigned reason);

/* Make this vCPU's GHCB: its page becomes shared, is registered with the hypervisor. */
void ghcb_cpu_init(void);
/* The page of a vCPU's GHCB; made shared when it is not yet. */
uint64_t ghcb_page(unsigned cpu);
bool ghcb_owns(uint64_t gpa); /* a page that is or may become a GHCB */
/* Point the GHCB MSR at this vCPU's own page again (a test played with it). */
void ghcb_select(void);

/* Wipes the valid bitmap and returns this vCPU's GHCB, version 2, usage 0. */
struct ghcb *ghcb_begin(void);
/* The same where the MSR still names the page, because the last request was by page too: an exit
 * less. */
struct ghcb *ghcb_begin_again(void);
void ghcb_mark(struct ghcb *g, size_t offset); /* sets the valid bit of the quadword at offset */
bool ghcb_is_valid(const struct ghcb *g, size_t offset);
#define GHCB_SET(g, field, v)                                                                      \
	do {                                                                                       \
		(g)->field = (v);                                                                  \
		ghcb_mark((g), offsetof(struct ghcb, field));                                      \
	} while (0)
#define GHCB_VALID(g, field) ghcb_is_valid((g), offsetof(struct ghcb, field))
/* Fills in code and both infos, exits; SW_EXITINFO1[31:0] of the answer (0 = done). */
uint32_t ghcb_exit(struct ghcb *g, uint64_t code, uint64_t info1, uint64_t info2);

/* Events that tests and the runtime use often; false when the hypervisor reported an error. */
bool ghcb_out_string(uint16_t port, const void *bytes, size_t n); /* n up to GHCB_BUFFER_SIZE */
bool ghcb_in_string(uint16_t port, void *bytes, size_t n);        /* the same */
bool ghcb_out(uint16_t port, unsigned size, uint32_t value);
bool ghcb_in(uint16_t port, unsigned size, uint32_t *value);
bool ghcb_rdmsr(uint32_t msr, uint64_t *value);
bool ghcb_wrmsr(uint32_t msr, uint64_t value);
bool ghcb_cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4]);
uint32_t ghcb_tsc_khz(void); /* as KVM tells it (leaf 0x40000010); 0: not known */
bool ghcb_mmio_read(uint64_t gpa, unsigned size, uint64_t *value);
bool ghcb_mmio_write(uint64_t gpa, unsigned size, uint64_t value);
uint32_t ghcb_ap_create(uint32_t apic_id, unsigned vmpl, unsigned op, uint64_t vmsa,
			uint64_t features);
uint32_t ghcb_run_vmpl(unsigned vmpl);
/* One entry of a page state change list: op GHCB_PSC_*, size 4K or 2M. SW_EXITINFO2's upper half.
 */
uint64_t ghcb_psc(uint64_t gpa, unsigned op, bool huge);
