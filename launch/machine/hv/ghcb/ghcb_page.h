/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * One non-automatic exit: the request as it was copied from the GHCB, and the answer. The page is
 * shared with other vCPUs of the guest, so it is read once (ghcb_read) and from then on only
 * written. GHCB specification (56421), events. Portable.
 */
#include "base/addr.h"
#include "abi/ghcb.h"

struct vcpu;

struct ghcb_call {
	struct vcpu *v;
	gpa_t gpa; /* of the page */
	struct ghcb *page;
	uint64_t code, info1, info2, scratch;
	uint64_t rax, rbx, rcx, rdx, xcr0, dr7;
	uint8_t cpl;
	uint8_t valid[16];
	uint32_t usage;
	/* the answer: SW_EXITINFO1 and 2 */
	uint64_t out1, out2;
	bool answered; /* already written: the handler switched the VMPL or will answer later */
};

/* SW_EXITINFO1[31:0] */
#define GHCB_RESULT_OK        0
#define GHCB_RESULT_EXCEPTION 1
#define GHCB_RESULT_MALFORMED 2

/* Which inputs a request needs besides code, info1 and info2: bits of a call's mask. */
#define NEED_RAX     BIT(0)
#define NEED_RBX     BIT(1)
#define NEED_RCX     BIT(2)
#define NEED_RDX     BIT(3)
#define NEED_SCRATCH BIT(4)
#define NEED_CPL     BIT(5)

/* The hypervisor's write to memory that is shared with the guest; to: in the page, or where
 * ghcb_scratch() points. Another vCPU may have made it private since it was found to be shared:
 * then nothing is written, and false, as an RMP fault keeps a host from it (APM vol. 2, 15.36.10).
 */
bool ghcb_store(const struct ghcb_call *c, void *to, const void *from, size_t n);

/* Copy the request and clear the page's valid bitmap. */
void ghcb_read(struct ghcb_call *c, struct ghcb *page);
bool ghcb_has(const struct ghcb_call *c, unsigned offset); /* offset: multiple of 8 below 0x400 */
bool ghcb_needs_met(const struct ghcb_call *c, unsigned needs);
/* 0, or the reason for a refusal by the page's own fields: usage, code and infos valid. */
unsigned ghcb_check(const struct ghcb_call *c);
/* Write a register back and say that it is valid. */
void ghcb_set_rax(struct ghcb_call *c, uint64_t v);
void ghcb_set_rbx(struct ghcb_call *c, uint64_t v);
void ghcb_set_rcx(struct ghcb_call *c, uint64_t v);
void ghcb_set_rdx(struct ghcb_call *c, uint64_t v);
/* Decide the answer... */
void ghcb_fail(struct ghcb_call *c, unsigned reason);                     /* GHCB_ERR_* */
void ghcb_exception(struct ghcb_call *c, uint8_t vector, bool has_error); /* #GP(0) or #UD */
/* ... and write it. */
void ghcb_answer(struct ghcb_call *c);
