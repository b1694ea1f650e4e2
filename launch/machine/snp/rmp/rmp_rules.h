/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The rules of the RMP as pure functions on one entry: APM vol. 2, 15.36.3 to 15.36.10; vol. 3,
 * PVALIDATE, RMPADJUST, RMPQUERY. No lock, no memory: tests/native/test_rmp.c runs them on the
 * host.
 *
 *   state            RMPUPDATE private   RMPUPDATE shared   PVALIDATE 1     PVALIDATE 0
 *   shared           unvalidated         shared             exit            exit
 *   unvalidated      unvalidated         shared             validated       no change (CF)
 *   validated        unvalidated         shared             no change (CF)  unvalidated
 *   VMSA in use      FAIL_INUSE          FAIL_INUSE         waits           waits
 *
 * PVALIDATE and RMPADJUST have no result for a VMSA in use: what they meet is an RMP fault, which
 * the hypervisor lets the guest try again (15.36.10) until the #VMEXIT of the vCPU that runs on the
 * page has taken the mark away (15.36.12). RMP_IN_USE stands for that fault.
 */
#include "base/types.h"
#include "abi/snp.h"

/* struct rmp_entry.state */
#define RMP_GUEST     BIT(0) /* RAM of the guest; all else is never mapped */
#define RMP_ASSIGNED  BIT(1)
#define RMP_VALIDATED BIT(2)
#define RMP_VMSA      BIT(3)
#define RMP_INUSE     BIT(4) /* a VMSA that a VMCB holds now */
#define RMP_HUGE      BIT(5) /* part of a 2M entry: all 512 entries of the region are then equal */

#define RMP_KEPT      BIT(6) /* private since the launch, and keeps its contents when it is shared */

struct rmp_entry {
	uint8_t state;
	uint8_t perms[VMPL_COUNT]; /* RMP_R .. RMP_XS */
	uint8_t holder;            /* of a page in use: the vCPU whose VMCB holds it */
	uint8_t rsvd[2];
};

/* What comes of a guest's RMP instruction besides a code in EAX. */
enum rmp_event {
	RMP_DONE,  /* EAX = result.code */
	RMP_SMASH, /* #NPF, size mismatch: the hypervisor does PSMASH, the guest tries again */
	RMP_EXIT,  /* #NPF, not assigned: exit to the hypervisor */
	RMP_NOT_VALIDATED, /* #VC PAGE_NOT_VALIDATED */
	RMP_IN_USE,        /* RMP fault: the guest tries again when the VMSA is out of use */
};

struct rmp_result {
	enum rmp_event event;
	enum snp_insn_result code;
	bool carry;   /* PVALIDATE: the page was in that state already */
	bool changed; /* *e is another; for a huge entry the caller repeats it in all 512 */
	const struct rmp_entry *held; /* rmp.c's: with RMP_IN_USE, the entry that is in use */
};

struct rmp_result rmp_rule_pvalidate(struct rmp_entry *e, int size, bool validate);

struct rmp_adjust {
	uint8_t current; /* the VMPL that executes RMPADJUST */
	uint8_t target;  /* RDX[7:0] */
	uint8_t perms;   /* RDX[15:8] */
	bool vmsa;       /* RDX[16], ignored unless current is 0 */
	int size;
};
struct rmp_result rmp_rule_adjust(struct rmp_entry *e, const struct rmp_adjust *a);
/* The published results are SUCCESS and FAIL_PERMISSION; which of them a VMPL that does not exist
 * gives is written nowhere. */
struct rmp_result rmp_rule_query(const struct rmp_entry *e, uint8_t current, uint8_t target);

/* RMPUPDATE by the hypervisor; for size 2M the caller has found all 512 entries alike. */
enum snp_insn_result rmp_rule_update(struct rmp_entry *e, int size, bool assigned);

enum rmp_access {
	RMP_ACCESS_OK,
	RMP_ACCESS_NONE,          /* not guest RAM */
	RMP_ACCESS_SHARED,        /* a private access to a shared page */
	RMP_ACCESS_PRIVATE,       /* a shared access to a private page */
	RMP_ACCESS_NOT_VALIDATED, /* a private access to an assigned page that is not validated */
	RMP_ACCESS_VMPL,          /* the VMPL lacks a right in want */
};
/* want: RMP_R | RMP_W | RMP_XU | RMP_XS, every one of which is needed. */
enum rmp_access rmp_rule_access(const struct rmp_entry *e, uint8_t vmpl, bool is_private,
				uint8_t want);

/* The rights a nested page table entry may give: a subset of RMP_RWX, 0 for not present. A
 * processor without GMET knows one NX bit, so both execute rights are needed for either. */
uint8_t rmp_rule_rights(const struct rmp_entry *e, uint8_t vmpl, bool is_private);
