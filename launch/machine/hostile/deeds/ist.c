/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/hostile/deeds/ist.h"
#include "base/x86_desc.h"
#include "machine/cpu/access.h"
#include "machine/cpu/vmcb.h"
#include "machine/cpu/walk.h"

bool ist_in_use(struct vcpu *v, unsigned n, uint64_t size)
{
	const struct vmcb *m = vcpu_ctx(v)->vmcb;
	uint64_t at = m->tr.base + offsetof(struct x86_tss, ist) + 8 * (n - 1), top = 0;
	struct walk w;

	return guest_read(v, at, &top, sizeof(top), WALK_IMPLICIT, &w) != WALK_OK ||
	       (m->rsp <= top && top - m->rsp < size);
}
