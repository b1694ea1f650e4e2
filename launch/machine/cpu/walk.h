/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Guest page walks, as the guest's own processor makes them: its tables, its rights, the guard.
 * APM vol. 2, chapter 5; 15.36.10. For the current VMPL of a vCPU whose state is loaded. No locks;
 * the guest may change its tables meanwhile, and gets what a processor would give.
 */
#include "machine/cpu/vcpu.h"
#include "machine/cpu/vmcb.h"

#define WALK_WRITE    BIT(0)
#define WALK_USER     BIT(1) /* CPL 3 */
#define WALK_FETCH    BIT(2)
#define WALK_IMPLICIT BIT(3) /* the processor's own, of descriptor or stack: SMAP despite AC */

enum walk_status {
	WALK_OK,
	WALK_PAGE_FAULT,    /* #PF: error and linear tell */
	WALK_NOT_VALIDATED, /* #VC PAGE_NOT_VALIDATED */
	WALK_EXIT,          /* #NPF to the hypervisor: gpa tells */
};

struct walk {
	gpa_t gpa;       /* of the byte, or of the table or page that failed */
	uint64_t linear; /* the address that failed */
	uint32_t error;  /* #PF error code */
	bool is_private; /* the C-bit */
	uint64_t size;   /* of the guest's page */
};

/* May the page at w->gpa be accessed so? want: RMP_R ... */
enum walk_status walk_check(struct vcpu *v, const struct walk *w, uint8_t want);

/* Translate without that final check (PVALIDATE and its kind want the bare translation). */
enum walk_status walk_linear(struct vcpu *v, uint64_t linear, unsigned flags, struct walk *w);

bool guest_long_mode(const struct vmcb *m); /* EFER.LMA */
bool guest_mode64(const struct vmcb *m);    /* and CS.L */
bool guest_paged(const struct vmcb *m);     /* paging with C-bits: CR0.PG and CR4.PAE */
