/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A hypervisor that means harm. The SVSM must bear one, so tests need one: each of its deeds is a
 * file in deeds/ that registers itself with an option word, and does nothing without that word.
 * What it may do is what a real host can: answer, or not, as it likes, inject, and write memory
 * that is shared or not validated yet. The hypervisor half asks here; it knows none of them.
 */
#include "abi/ghcb.h"
#include "abi/igvm.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/options.h"

struct ghcb_call;

/* Every function may be NULL. All run on the vCPU's own CPU but those of the launch. */
struct hostile_host {
	const bool *on;
	/* The launch: entries behind the MADT's own; their length in bytes, written when at is not
	 * NULL. */
	uint32_t (*madt)(uint8_t *at);
	/* The launch: change the n ranges of RAM that are shown; there is room for
	 * HOSTILE_RANGES more. Their new number, whatever is written. */
	unsigned (*memory_map)(struct igvm_memory_map_entry *e, unsigned n);
	/* The answer to a CPUID, of the launch's CPUID page too. */
	void (*cpuid)(uint32_t leaf, uint32_t out[4]);
	/* The guest's memory is loaded, and no vCPU has run yet. */
	void (*launched)(void);
	/* PVALIDATE makes these pages of one 2 MiB the guest's, and no vCPU can reach them yet; the
	 * lock of their region is held. */
	void (*validated)(gpa_t g, unsigned pages);
	/* Is a validated page to fault at its next access? */
	bool (*hides)(gpa_t g);
	/* A nested page fault at g. True: it has been dealt with. */
	bool (*nested_fault)(struct vcpu *v, gpa_t g);
	/* A #DB in the guest that a host had intercepted. */
	void (*stepped)(struct vcpu *v);
	/* v is about to enter its guest, and what is to be injected has been set up. */
	void (*before_run)(struct vcpu *v);
	/* A WRMSR that is intercepted. True: it is done. */
	bool (*msr_write)(struct vcpu *v, uint32_t msr, uint64_t value);
	/* A request of the GHCB MSR protocol. True: *answer is the answer, and it is not served. */
	bool (*msr_request)(struct vcpu *v, uint64_t request, uint64_t *answer);
	/* A request by GHCB that has been checked. 0, GHCB_ERR_* to refuse it with, or
	 * HOSTILE_FORGE to answer that it is done without doing it. */
	unsigned (*refuse)(const struct ghcb_call *c);
	/* The answer to VMPL vmpl of v stands in its GHCB. */
	void (*answered)(struct vcpu *v, unsigned vmpl, struct ghcb *page);
	/* The end of the run: what is worth a line in the log. */
	void (*ended)(void);
};

#define HOSTILE_RANGES 64
#define HOSTILE_FORGE  (~0u)

/* A host registers itself with: HOSTILE_HOST(name, "word") = {.on = &name_on, ...}; */
#define HOSTILE_HOST(name, text)                                                                   \
	static bool name##_on;                                                                     \
	OPTION_WORD(name##_word) = {text, &name##_on};                                             \
	static const struct hostile_host name SECTION("hostile_hosts") ALIGNED(8)

/* What the hypervisor half calls: each asks every host that is on. */
unsigned hostile_ranges(void); /* by how many the memory map may grow */
uint32_t hostile_madt(uint8_t *at);
unsigned hostile_memory_map(struct igvm_memory_map_entry *e, unsigned n);
void hostile_cpuid(uint32_t leaf, uint32_t out[4]);
void hostile_launched(void);
void hostile_validated(gpa_t g, unsigned pages);
bool hostile_hides(gpa_t g);
bool hostile_nested_fault(struct vcpu *v, gpa_t g);
void hostile_stepped(struct vcpu *v);
void hostile_before_run(struct vcpu *v);
bool hostile_msr_write(struct vcpu *v, uint32_t msr, uint64_t value);
bool hostile_msr_request(struct vcpu *v, uint64_t request, uint64_t *answer);
unsigned hostile_refuse(const struct ghcb_call *c);
void hostile_answered(struct vcpu *v, unsigned vmpl, struct ghcb *page);
void hostile_ended(void);
