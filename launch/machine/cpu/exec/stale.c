/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/exec/stale.h"
#include "machine/cpu/access.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/event/event.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "base/x86.h"

/*
 * Translations that QEMU forgot to drop. A CPU that writes to a page with translated code makes
 * QEMU drop the translation first and write then; a CPU that translates the same code in between
 * keeps the old bytes for good (seen on 7.2 with MTTCG, without SVM as well). Linux's text_poke()
 * runs into it: the last of its writes replaces an INT3 that other CPUs may be just about to
 * execute, and an INT3 nobody answers for is an oops. So each software interrupt comes here before
 * it happens.
 */

#define SWINT      VMCB_INTERCEPT3(SVM_EXIT_SWINT)
#define LOGGED_MAX 16

unsigned stale_interrupt_length(const uint8_t *bytes, unsigned n, enum insn_mode mode,
				uint8_t *vector)
{
	struct insn_prefixes p;
	unsigned i;

	prefixes_read(&p, bytes, n, mode);
	i = p.length;
	if (i < n && bytes[i] == 0xcc) {
		*vector = VEC_BP;
		return i + 1;
	}
	if (i + 1 < n && bytes[i] == 0xcd) {
		*vector = bytes[i + 1];
		return i + 2;
	}
	return 0;
}

/* A write that changes nothing: now nobody else writes, and what QEMU translates next is right. */
static void drop_translation(struct vcpu *v, uint64_t linear)
{
	static uint32_t logged;
	struct walk w;

	if (walk_linear(v, linear, WALK_FETCH, &w) != WALK_OK || !host_guest_ram(w.gpa, 1))
		return;
	__asm__ volatile("lock orb $0, %0" : "+m"(*(uint8_t *)guest_ptr(w.gpa)) : : "cc");
	if (__atomic_fetch_add(&logged, 1, __ATOMIC_RELAXED) < LOGGED_MAX)
		host_log("machine: vcpu%u: QEMU ran a software interrupt at 0x%llx that is no "
			 "longer "
			 "there; translated anew",
			 v->index, (unsigned long long)linear);
}

/* QEMU fetched what may not be fetched (it knows one right to execute, not one for each CPL), or
 * the page has changed since. */
static int not_fetched(struct vcpu *v)
{
	const struct vmcb *m = vcpu_ctx(v)->vmcb;
	unsigned flags = WALK_FETCH | (m->cpl == 3 ? WALK_USER : 0);
	struct walk w;
	uint8_t byte;

	return event_access(v, guest_read(v, m->rip, &byte, 1, flags, &w), &w);
}

int stale_interrupt(struct vcpu *v)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;
	uint8_t bytes[INSN_MAX], vector;
	unsigned n, length;

	if (!guest_mode64(m)) {
		m->intercept3 &= ~SWINT; /* no SNP kernel patches itself there */
		return RESUME;
	}
	n = guest_fetch(v, bytes);
	if (!n)
		return not_fetched(v);
	length = stale_interrupt_length(bytes, n, INSN_MODE64, &vector);
	if (length)
		return deliver_software(v, vector, length);
	drop_translation(v, m->rip);
	return RESUME;
}

void stale_arm(struct vmcb *m)
{
	m->intercept3 |= SWINT;
}
