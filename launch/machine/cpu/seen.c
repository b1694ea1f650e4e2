/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/seen.h"
#include "base/x86.h"
#include "lib/fmt.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/time.h"

/* A VMCB keeps the code of its last exit until the next one. */
static unsigned long long last_exit(const struct vcpu *v)
{
	const struct vmcb *m = v->ctx[READ_ONCE(v->vmpl) % VMPL_COUNT].vmcb;

	return m ? READ_ONCE(m->exit_code) : 0;
}

struct seen seen(const struct vcpu *v)
{
	uint64_t khz = MAX(host_tsc_khz(), 1ull), entered = READ_ONCE(v->entered);
	uint64_t ms = (rdtsc() - entered) / khz;
	bool inside = __atomic_load_n(&v->in_guest, __ATOMIC_SEQ_CST);
	struct seen s = {.text = ""};

	if (!entered)
		fmt_snprintf(s.text, sizeof(s.text), "vCPU %u has never run its guest", v->index);
	else
		fmt_snprintf(s.text, sizeof(s.text),
			     "vCPU %u is %s its guest, VMPL %u, entered at RIP 0x%llx %llu ms ago, "
			     "last exit 0x%llx",
			     v->index, inside ? "in" : "out of", READ_ONCE(v->vmpl),
			     (unsigned long long)READ_ONCE(v->entry_rip), (unsigned long long)ms,
			     last_exit(v));
	return s;
}
