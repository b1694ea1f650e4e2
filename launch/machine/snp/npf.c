/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/snp/npf.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/linear.h"
#include "machine/cpu/npt.h"
#include "machine/cpu/walk.h"
#include "machine/host/isr.h"
#include "machine/host/smp.h"
#include "machine/host/wait.h"
#include "machine/hostile/hostile.h"
#include "machine/snp/mmio_exit.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vc.h"
#include "base/x86.h"

/*
 * Nested page faults: fill the tables from the RMP, or find out what SEV-SNP makes of the access
 * (APM vol. 2, 15.36.10).
 *
 *   private access   shared page                     -> exit to the hypervisor (RMP fault)
 *                    assigned, not validated         -> #VC PAGE_NOT_VALIDATED in the guest
 *                    validated, VMPL lacks the right -> exit to the hypervisor (VMPL bit)
 *                    not RAM                         -> #VC with SVM_EXIT_NPF
 *   shared access    private page                    -> exit to the hypervisor (C-bit mismatch)
 *                    not RAM (MMIO)                  -> #VC with SVM_EXIT_NPF: mmio_exit.c
 *
 * The hypervisor resolves two of those exits: the page becomes private, and the access, tried
 * again, meets an unvalidated page; or it becomes shared, unless the machine is strict. An access
 * without the right is tried again as well, because another vCPU may be about to give the right or
 * to rescind the page; KVM lets a guest try for ever, here it is until the RMP has not changed for
 * PATIENCE_MS, or for ALONE_MS while no other vCPU runs. The others it cannot resolve without
 * breaking the guest, so they end the run.
 */
#define PATIENCE_MS 10000
#define ALONE_MS    500
#define ANSWER_MS   10 /* from kick to kick of those that rest */
#define NAP_US      100

/* Faults without progress before the run is given up: both so many and for so long, because two
 * vCPUs can take a page from each other many times in a row. */
#define SAME_MAX 1000
#define SAME_MS  10000

struct fault {
	gpa_t g;
	bool is_private; /* the root and the alias say so */
	bool walk, fetch, write;
	uint8_t want; /* RMP_R ... for the nested table */
};

/* With a virtual TOM the address alone says it, and there is no C-bit. */
static bool private_access(const struct vmpl_ctx *c)
{
	const struct vmcb *m = c->vmcb;

	if (c->vtom)
		return (m->exit_info2 & ~NPT_CBIT) < c->vtom;
	return !guest_paged(m) || (m->exit_info2 & NPT_CBIT);
}

static struct fault decode_fault(const struct vmpl_ctx *c)
{
	const struct vmcb *m = c->vmcb;
	struct fault f = {
		.g = gpa(m->exit_info2 & ~NPT_CBIT),
		.is_private = private_access(c),
		.walk = m->exit_info1 & NPF_WALK,
		.fetch = (m->exit_info1 & NPF_I) && !(m->exit_info1 & NPF_WALK),
		.write = m->exit_info1 & NPF_W,
	};

	f.want = RMP_R | (f.write ? RMP_W : 0) | (f.fetch ? RMP_XU : 0);
	return f;
}

/* The rights in the RMP that the access needs. The CPL decides which of the two execute rights. */
static uint8_t rmp_want(const struct vmcb *m, const struct fault *f)
{
	if (f->fetch)
		return RMP_R | (m->cpl == 3 ? RMP_XU : RMP_XS);
	return RMP_R | (f->write ? RMP_W : 0);
}

/*
 * Page walks and fetches are private, also at an address without the C-bit, CR3's among them: the
 * page is opened there as well. So it is for a fetch when only the current CPL may execute the
 * page.
 */
static bool open_alias(struct vcpu *v, const struct fault *f)
{
	const struct vmcb *m = v->ctx[v->vmpl].vmcb;

	if (!f->walk && !f->fetch)
		return false;
	if (rmp_access_check(f->g, v->vmpl, true, rmp_want(m, f)) != RMP_ACCESS_OK)
		return false;
	npt_alias(v->vmpl, f->is_private, f->g, f->want);
	return true;
}

static bool satisfied(struct vcpu *v, const struct fault *f)
{
	return (npt_rights(v->vmpl, f->is_private, f->g) & f->want) == f->want;
}

/* True when the access can be tried again. */
static bool resolve(struct vcpu *v, const struct fault *f)
{
	bool ok;

	rmp_lock(f->g);
	npt_fill(v->vmpl, f->is_private, f->g);
	if (vcpu_ctx(v)->vtom)
		npt_vtom_link(v->vmpl, f->is_private, f->g);
	ok = satisfied(v, f) || open_alias(v, f);
	rmp_unlock(f->g);
	return ok;
}

/*
 * The hypervisor marks such an address by a reserved bit in the nested tables, which makes #VC of
 * the fault, and the C-bit takes no part in the nested walk (GHCB, MMIO Access; APM vol. 2,
 * 15.35.5). No handler can do anything about a page table or code there: that ends the run.
 */
static int no_memory(struct vcpu *v, const struct fault *f)
{
	if (!f->walk && !f->fetch)
		return mmio_access(v, f->g, f->is_private, f->write);
	v->fault = f->walk ? "nested page fault: a page table where there is no memory"
			   : "nested page fault: code where there is no memory";
	v->fault_at = f->g.v;
	return MACHINE_MMIO;
}

static int not_validated(struct vcpu *v, const struct fault *f)
{
	uint64_t linear;

	if (linear_find(v, f->g, f->fetch, &linear))
		v->ctx[v->vmpl].vmcb->cr2 = linear;
	v->npf_same = 0; /* the guest's handler comes between */
	return vc_raise(v, VC_PAGE_NOT_VALIDATED);
}

/* One that was asked whether it rests wakes for that, and runs when it enters its guest. */
static bool runs(const struct vcpu *other, uint64_t asked)
{
	if (asked)
		return (int64_t)(READ_ONCE(other->entered) - asked) > 0;
	return !READ_ONCE(other->resting);
}

static bool others_run(const struct vcpu *v)
{
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		if (machine_vcpus[i] != v && runs(machine_vcpus[i], v->denied_asked))
			return true;
	return false;
}

/*
 * A vCPU that rests may have been sent what wakes it, and its thread has not run since. So each is
 * asked by kicks, and answers by beginning to rest twice more: the first time may be older than the
 * question.
 */
static void ask(struct vcpu *v)
{
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		v->denied_rests[i] = __atomic_load_n(&machine_vcpus[i]->rests, __ATOMIC_ACQUIRE);
	v->denied_asked = rdtsc();
}

/* Who has not answered is kicked. */
static bool answered(const struct vcpu *v)
{
	bool all = true;

	for (unsigned i = 0; i < machine_vcpu_count; i++) {
		const struct vcpu *o = machine_vcpus[i];
		uint32_t rests = __atomic_load_n(&o->rests, __ATOMIC_ACQUIRE);

		if (o == v || rests - v->denied_rests[i] >= 2)
			continue;
		host_kick(vcpu_cpu(o));
		all = false;
	}
	return all;
}

static bool alone_for_long(struct vcpu *v)
{
	if (!host_patience_over(&v->denied_alone))
		return false;
	if (!v->denied_asked)
		ask(v);
	if (answered(v))
		return true;
	v->denied_alone = host_patience(ANSWER_MS);
	return false;
}

/* The access has been tried for long enough. A change of the RMP begins both waits anew, another
 * vCPU that runs the shorter one. */
static bool out_of_patience(struct vcpu *v, const struct fault *f)
{
	uint64_t changes = rmp_changes();
	bool anew = v->denied_at != f->g.v || v->denied_changes != changes;

	v->denied_at = f->g.v;
	v->denied_changes = changes;
	if (anew)
		v->denied = host_patience(PATIENCE_MS);
	if (anew || others_run(v)) {
		v->denied_alone = host_patience(ALONE_MS);
		v->denied_asked = 0;
	}
	return host_patience_over(&v->denied) || alone_for_long(v);
}

/* The VMPL lacks a right. The nap leaves the CPU to whoever may change that; what interrupts it
 * took the hypervisor sees next, and then the guest tries again. */
static int not_permitted(struct vcpu *v, const struct fault *f)
{
	if (out_of_patience(v, f))
		return event_fault(v, "nested page fault: no permission for this VMPL", f->g.v);
	v->npf_same = 0;
	host_nap(host_tsc_khz() * NAP_US / 1000);
	return MACHINE_INTR;
}

static int classify(struct vcpu *v, const struct fault *f)
{
	const struct vmcb *m = v->ctx[v->vmpl].vmcb;
	bool is_private = f->is_private || f->walk || f->fetch;

	switch (rmp_access_check(f->g, v->vmpl, is_private, rmp_want(m, f))) {
	case RMP_ACCESS_OK:
		return RESUME; /* changed by another CPU meanwhile */
	case RMP_ACCESS_NOT_VALIDATED:
		return not_validated(v, f);
	case RMP_ACCESS_SHARED:
		return event_shared(v, f->g);
	case RMP_ACCESS_PRIVATE:
		return event_private(v, f->g);
	case RMP_ACCESS_VMPL:
		return not_permitted(v, f);
	default:
		return no_memory(v, f);
	}
}

/* QEMU's SMP bug (cpu_set_fpus) can make a guest walk the monitor's own tables. */
static bool qemu_bug(const struct vmcb *m)
{
	return (m->exit_info1 & NPF_WALK) && (m->exit_info2 & PTE_ADDR) == (read_cr3() & PTE_ADDR);
}

/*
 * Is the same access tried again and again? It is the same fault of the same instruction, with
 * nothing else in between: exits_handle() resets the count.
 */
static bool stuck(struct vcpu *v, const struct vmcb *m)
{
	bool same = v->npf_last == m->exit_info2 && v->npf_rip == m->rip;

	v->npf_last = m->exit_info2;
	v->npf_rip = m->rip;
	v->npf_same = same ? v->npf_same + 1 : 0;
	if (!v->npf_same)
		v->npf_since = host_patience(SAME_MS);
	return host_patience_over(&v->npf_since) && v->npf_same > SAME_MAX;
}

int npf_handle(struct vcpu *v)
{
	const struct vmcb *m = v->ctx[v->vmpl].vmcb;
	struct fault f = decode_fault(vcpu_ctx(v));

	if (qemu_bug(m))
		return event_fault(v, "QEMU lost its nested paging state (not the guest's fault)",
				   m->exit_info2);
	if (!(rmp_entry(f.g)->state & RMP_GUEST))
		return no_memory(v, &f);
	if (vcpu_ctx(v)->vtom && (m->exit_info2 & NPT_CBIT))
		return event_fault(v, "C-bit in an address under a virtual TOM", m->exit_info2);
	if (stuck(v, m))
		return event_fault(v, "nested page fault without progress", m->exit_info2);
	if (f.is_private && hostile_nested_fault(v, f.g))
		return RESUME;
	return resolve(v, &f) ? RESUME : classify(v, &f);
}
