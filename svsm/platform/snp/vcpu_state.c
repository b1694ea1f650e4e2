/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The content of a VMSA of the guest: APM vol. 2, table B-4. The guest may read the page and the
 * hypervisor may run it, so each function reads a field once and writes what it must and no more.
 */
#include "platform/snp/vcpu_state.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "mm/guest_mem.h"
#include "mm/guestpage.h"

#define VMEXIT_VMGEXIT    0x403 /* APM vol. 2, appendix C */

#define FIELD(page, name) gpa_add(page, offsetof(struct vmsa, name))

bool vcpu_state_features(gpa_t page, uint64_t *features)
{
	return guest_read64(FIELD(page, sev_features), features);
}

/* 58019, 6.3. */
bool vcpu_state_fits(gpa_t page, unsigned vmpl, uint64_t features)
{
	uint64_t efer, its_features;
	uint8_t its_vmpl;

	return guest_read8(FIELD(page, vmpl), &its_vmpl) &&
	       guest_read64(FIELD(page, efer), &efer) && vcpu_state_features(page, &its_features) &&
	       its_vmpl == vmpl && (efer & EFER_SVME) && its_features == features;
}

/*
 * A vCPU that never ran has not called, so GUEST_EXITCODE must not say that it has. No processor
 * has translations of it: with another PCPU_ID than 0 its first VMRUN might use those of another
 * vCPU (APM vol. 2, 15.36.15).
 */
bool vcpu_state_prepare(gpa_t page)
{
	return guest_write64(FIELD(page, guest_exit_code), 0) &&
	       guest_write64(FIELD(page, pcpu_id), 0);
}

/* VMRUN refuses a VMSA whose EFER.SVME is clear. */
bool vcpu_state_stop(gpa_t page)
{
	return guest_clear64(FIELD(page, efer), EFER_SVME);
}

/*
 * The barrier is an RMPADJUST with the rights that the page has anyway. By APM vol. 2, 15.36.10 it
 * faults to the hypervisor while the RMP entry is in use, and the hypervisor has to retry it: so it
 * completes only when the VMSA does not run. If a run had begun before, its exit has written EFER
 * back with SVME set.
 */
bool vcpu_state_stopped(gpa_t page)
{
	uint64_t efer;

	return guestpage_vmsa_barrier(page) == PLATFORM_OK &&
	       guest_read64(FIELD(page, efer), &efer) && !(efer & EFER_SVME);
}

void vcpu_state_resume(gpa_t page)
{
	guest_set64(FIELD(page, efer), EFER_SVME);
}

bool vcpu_state_called(gpa_t page)
{
	uint64_t exit_code;

	return guest_read64(FIELD(page, guest_exit_code), &exit_code) &&
	       exit_code == VMEXIT_VMGEXIT;
}

/* RCX to R9 as they lie in a VMSA: one copy for all of them. */
struct registers {
	uint64_t rcx, rdx, rbx, rsvd, rbp, rsi, rdi, r8, r9;
};
ABI_OFFSET(struct registers, r9, offsetof(struct vmsa, r9) - offsetof(struct vmsa, rcx),
	   "APM B-4: RCX to R9");

bool vcpu_state_call_in(gpa_t page, struct vcpu_call *call)
{
	struct registers r;

	if (!guest_read64(FIELD(page, rax), &call->rax) ||
	    !guest_copy_in(&r, FIELD(page, rcx), sizeof(r)))
		return false;
	call->rcx = r.rcx;
	call->rdx = r.rdx;
	call->r8 = r.r8;
	call->r9 = r.r9;
	return true;
}

static bool out(gpa_t at, uint64_t now, uint64_t before)
{
	return now == before || guest_write64(at, now);
}

bool vcpu_state_call_out(gpa_t page, const struct vcpu_call *call, const struct vcpu_call *before)
{
	return out(FIELD(page, rcx), call->rcx, before->rcx) &&
	       out(FIELD(page, rdx), call->rdx, before->rdx) &&
	       out(FIELD(page, r8), call->r8, before->r8) &&
	       out(FIELD(page, r9), call->r9, before->r9) &&
	       guest_write64(FIELD(page, rax), call->rax);
}

/* A VMSA in which software has set PCPU_ID to 0 flushes at its next VMRUN, which then sets it: APM
 * vol. 2, 15.36.15. */
void vcpu_state_flush(gpa_t page)
{
	guest_write64(FIELD(page, pcpu_id), 0);
}

/*
 * When the page cannot be reached, the host has taken it away. Then it is no VMSA, and nobody runs
 * it.
 */
bool vcpu_state_flushed(gpa_t page)
{
	uint64_t id;

	if (!guest_read64(FIELD(page, pcpu_id), &id) || id)
		return true;
	return guestpage_vmsa_barrier(page) == PLATFORM_OK;
}
