/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Guest memory by linear address, as the guest's own processor would reach it: its page tables, its
 * rights, the RMP. APM vol. 2, chapter 5; 15.36.10. For the current VMPL of a vCPU whose state is
 * loaded. No locks; the guest may change its tables meanwhile, and gets what a processor would
 * give.
 */
#include "machine/cpu/machine.h"
#include "machine/snp/rmp.h"
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
	bool private;    /* the C-bit */
	uint64_t size;   /* of the guest's page */
};

/* What the RMP's word on an access means for it. */
enum walk_status walk_rmp_status(enum rmp_access a);

/* Translate without the final RMP check (PVALIDATE and its kind want the bare translation). */
enum walk_status walk_linear(struct vcpu *v, uint64_t linear, unsigned flags, struct walk *w);

/* Copy n bytes; nothing is written unless all of it can be (n at most 4096). */
enum walk_status guest_read(struct vcpu *v, uint64_t linear, void *buf, unsigned n, unsigned flags,
			    struct walk *w);
enum walk_status guest_write(struct vcpu *v, uint64_t linear, const void *buf, unsigned n,
			     unsigned flags, struct walk *w);
/* The bytes at CS:RIP, at most 15, fewer when the next page cannot be fetched. 0 when none can. */
unsigned guest_fetch(struct vcpu *v, uint8_t bytes[15]);

bool guest_long_mode(const struct vmcb *m); /* EFER.LMA */
bool guest_mode64(const struct vmcb *m);    /* and CS.L */
bool guest_paged(const struct vmcb *m);     /* paging with C-bits: CR0.PG and CR4.PAE */
