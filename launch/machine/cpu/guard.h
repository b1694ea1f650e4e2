/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What makes a processor a confidential one: cpu/ asks, and the one folder that is linked answers.
 * snp/ is SEV-SNP (guard.c, reflect.c); another architecture is a folder beside it with the same
 * functions. Nothing here costs more than a call.
 */
#include "base/addr.h"
#include "machine/cpu/vcpu.h"

enum guard_access {
	GUARD_OK,
	GUARD_NOT_VALIDATED, /* the guest's own fault: guard_not_validated() */
	GUARD_EXIT,          /* the hypervisor's: #NPF */
};

void guard_init(void); /* before npt_init(); CPU 0, once */
/* May this VMPL make this access? want: RMP_R ..., every one of which is needed. Lock-free: the
 * answer may be old at once, as on hardware. */
enum guard_access guard_access(gpa_t g, uint8_t vmpl, bool is_private, uint8_t want);
/* The whole range is guest RAM that the hypervisor may read and write. */
bool guard_is_shared(gpa_t g, uint64_t len);
/* What a nested page table entry may give: a subset of RMP_RWX, 0 for not present. */
uint8_t guard_rights(gpa_t g, uint8_t vmpl, bool is_private);
/* Put the current VMPL's state into its VMCB. False when it has none that can be run. */
bool guard_load(struct vcpu *v);
/* Raise what an access to an unvalidated page raises in the guest; like a guard_exit. */
int guard_not_validated(struct vcpu *v, uint64_t linear);
/* Right before VMRUN, with vmpl_ctx.answer_due: what the guest would leave it for at once is done.
 */
void guard_answer(struct vcpu *v);
/* Name the exit that has just been made, as far as the VMCB tells: exit_cause(). */
void guard_cause(struct vcpu *v);
/* A line on the page, for the end of a run. */
void guard_describe(gpa_t g);
/* A few words on it, for a device's access that was refused. */
const char *guard_page_state(gpa_t g);

/* What becomes of each exit, by its slot; NULL: it was not asked for. Called right after the exit;
 * returns RESUME or an enum machine_exit. */
typedef int guard_exit(struct vcpu *v);
extern guard_exit *const guard_exits[EXIT_SLOTS];
