/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The core protocol's calls on vCPUs: REMAP_CA, CREATE_VCPU, DELETE_VCPU. core.c calls them, with
 * no lock held. They must never make a page a VMSA while the guest can still write it, nor give a
 * page back to the guest while its VMSA may run, nor wait for another vCPU with a page locked.
 */
#include "abi/svsm.h"
#include "base/assert.h"
#include "mm/guest_mem.h"
#include "mm/guestpage.h"
#include "mm/pagestate.h"
#include "cpu/percpu.h"
#include "cpu/wait.h"
#include "protocols/core.h"
#include "protocols/mem_available.h"
#include "platform/vcpu.h"
#include "task/sched.h"
#include "task/vmsa_flush.h"

static bool page_aligned(uint64_t v)
{
	return IS_ALIGNED(v, PAGE_SIZE);
}

/*
 * May the page become cpu's calling area? Yes, when it is plain memory or the area of another VMSA
 * of the same vCPU: Linux creates a vCPU's new VMSA before it deletes the old one. The page's
 * region is locked.
 */
static bool caa_allowed(gpa_t caa, const struct cpu *cpu)
{
	enum page_state s = pagestate_get(caa);

	return s == PAGE_VALID || (s == PAGE_CAA && !vmsa_registry_caa_foreign(caa, cpu));
}

/*
 * A VMSA does not use this calling area any more. An area without users becomes plain memory again.
 * The page's region is locked.
 */
static void caa_dropped(struct pages_locked held, gpa_t caa)
{
	if (!vmsa_registry_caa_users(caa) && pagestate_get(caa) == PAGE_CAA)
		pagestate_set(held, caa, PAGE_VALID);
}

/*
 * Clears the first 8 bytes of a page that becomes a calling area, so that no call is pending in it,
 * and fills in SVSM_MEM_AVAILABLE. False: the page cannot be written.
 */
static bool caa_prepare(gpa_t caa)
{
	uint64_t head = (uint64_t)mem_available() << 8 * offsetof(struct svsm_caa, mem_available);

	return guest_write64(caa, head);
}

/*
 * Locks: the regions of the old and the new area, together. Inside them the registry takes
 * LOCK_REGISTRY and LOCK_VCPU. A vCPU remaps only its own area, and its VMSA is claimed for the
 * call, so LOCK_VMSAS is not needed.
 */
enum svsm_result core_remap_ca(struct svsm_call *call)
{
	gpa_t new = gpa(call->rcx);
	gpa_t old = call->self->caa;
	struct pages_locked held;
	bool ok;

	if (!page_aligned(new.v))
		return SVSM_ERR_INVALID_PARAMETER;
	held = pagestate_lock2(new, old);
	ok = caa_allowed(new, call->cpu) && caa_prepare(new);
	if (ok) {
		pagestate_set(held, new, PAGE_CAA);
		vmsa_registry_remap(call->self->vmsa, new);
		mem_available_announce();
		call->self->caa = new;
		guest_write8(old, 0); /* 58019, 6.1: its last use */
		caa_dropped(held, old);
	}
	pagestate_unlock(held);
	return ok ? SVSM_SUCCESS : SVSM_ERR_INVALID_ADDRESS;
}

/*
 * 58019, 6.3: only the guest's own VMPL is supported. The page is sealed, so the guest cannot
 * change what is checked here.
 */
static bool vmsa_acceptable(gpa_t vmsa)
{
	return platform->vcpu->fits(vmsa, guestpage_vmpl, vmsa_registry_features());
}

static bool vmsa_prepare(gpa_t vmsa, gpa_t caa)
{
	if (!caa_prepare(caa))
		return false;
	mem_available_announce();
	return platform->vcpu->prepare(vmsa);
}

/*
 * The hypervisor can run the VMSA as soon as the page is one. So the registry must have room for it
 * first, and LOCK_VMSAS keeps that room until the VMSA is in the table.
 */
static enum svsm_result vmsa_make(gpa_t vmsa, gpa_t caa, struct cpu *cpu)
{
	enum svsm_result rax = SVSM_ERR_BUSY;
	bool added;

	vmsa_registry_freeze();
	if (vmsa_registry_has_room())
		rax = core_result(guestpage_make_vmsa(vmsa));
	if (rax == SVSM_SUCCESS) {
		added = vmsa_registry_add(cpu, vmsa, caa, (uint8_t)guestpage_vmpl);
		ASSERT(added);
	}
	vmsa_registry_thaw();
	return rax;
}

/*
 * Checks the VMSA's content and makes it one. The caller has locked both regions. The page is
 * sealed and no vCPU can write it any more. When this fails, the caller undoes the seal.
 */
static enum svsm_result vmsa_commit(gpa_t vmsa, gpa_t caa, struct cpu *cpu)
{
	if (!caa_allowed(caa, cpu))
		return SVSM_ERR_INVALID_ADDRESS;
	if (!vmsa_acceptable(vmsa))
		return SVSM_ERR_INVALID_PARAMETER;
	if (!vmsa_prepare(vmsa, caa))
		return SVSM_ERR_INVALID_ADDRESS;
	return vmsa_make(vmsa, caa, cpu);
}

/*
 * A VMSA at a 2 MiB boundary is refused, although 58019 allows it: some processors take the lock on
 * such a page for one on the whole 2 MiB, and then fault on accesses to pages around it. Linux,
 * KVM and this SVSM make none for that reason (Linux, snp_alloc_vmsa_page()).
 */
static bool trips_erratum(gpa_t vmsa)
{
	return IS_ALIGNED(vmsa.v, SIZE_2M) && pagestate_get(vmsa) == PAGE_VALID;
}

/* The first half of CREATE_VCPU: takes the page from the guest, and then it is nobody's. */
static enum svsm_result vmsa_seal(gpa_t vmsa, gpa_t caa, const struct cpu *cpu)
{
	struct pages_locked held = pagestate_lock2(vmsa, caa);
	enum svsm_result rax = SVSM_ERR_INVALID_ADDRESS;

	if (caa_allowed(caa, cpu))
		rax = trips_erratum(vmsa) ? SVSM_ERR_INVALID_PARAMETER
					  : core_result(guestpage_seal(held, vmsa));
	pagestate_unlock(held);
	return rax;
}

/* The second half: makes the page a VMSA, or gives it back to the guest as it was before. */
static enum svsm_result vmsa_finish(gpa_t vmsa, gpa_t caa, struct cpu *cpu, bool flushed)
{
	struct pages_locked held = pagestate_lock2(vmsa, caa);
	enum svsm_result rax = flushed ? vmsa_commit(vmsa, caa, cpu) : SVSM_ERR_BUSY;

	if (rax == SVSM_SUCCESS)
		pagestate_set(held, caa, PAGE_CAA);
	else
		guestpage_unseal(held, vmsa, false);
	pagestate_unlock(held);
	return rax;
}

/*
 * Locks: each half takes the regions of the VMSA and the calling area, together; vmsa_make() takes
 * LOCK_VMSAS inside them. vmsa_flush() waits for other vCPUs, so no region is locked meanwhile: a
 * sealed page is nobody's, and the second half looks at the calling area again.
 */
enum svsm_result core_create_vcpu(struct svsm_call *call)
{
	gpa_t vmsa = gpa(call->rcx), caa = gpa(call->rdx);
	enum svsm_result rax;
	struct cpu *cpu;

	if (!page_aligned(vmsa.v) || !page_aligned(caa.v))
		return SVSM_ERR_INVALID_PARAMETER;
	if (gpa_eq(vmsa, caa))
		return SVSM_ERR_INVALID_ADDRESS;
	cpu = percpu_by_apic_id((uint32_t)call->r8); /* 4 bytes of it are the APIC ID */
	if (!cpu || cpu->service)
		return SVSM_ERR_INVALID_PARAMETER;
	rax = vmsa_seal(vmsa, caa, cpu);
	if (rax == SVSM_SUCCESS)
		rax = vmsa_finish(vmsa, caa, cpu, vmsa_flush());
	if (rax == SVSM_SUCCESS)
		sched_guest(cpu);
	return rax;
}

/* Undoes arrest(): the vCPU goes on as if nobody had stopped it. */
static void resume(gpa_t vmsa)
{
	platform->vcpu->resume(vmsa);
	vmsa_registry_release(vmsa);
}

#define CLAIM_MS 10

/* Its own vCPU has a VMSA claimed for a moment whenever it looks for a call, and it does so again
 * and again while the hypervisor has not been given the VMSA. One that is in a call has it for
 * longer. */
static enum vmsa_claim claim(gpa_t vmsa, struct vmsa_entry *entry)
{
	struct patience p = svsm_patience(CLAIM_MS);
	enum vmsa_claim r;

	while ((r = vmsa_registry_claim(vmsa, entry)) == VMSA_CLAIM_BUSY && !svsm_patience_over(&p))
		cpu_relax();
	return r;
}

/*
 * Claims and stops another vCPU's VMSA. After SUCCESS its vCPU is in no call, does not run, and
 * cannot start. After an error all is as it was. No lock is held.
 */
static enum svsm_result arrest(gpa_t vmsa, struct vmsa_entry *entry)
{
	switch (claim(vmsa, entry)) {
	case VMSA_CLAIM_UNKNOWN:
		return SVSM_ERR_INVALID_PARAMETER;
	case VMSA_CLAIM_BUSY:
		return SVSM_ERR_DELETE_INUSE;
	case VMSA_CLAIMED:
		break;
	}
	if (!platform->vcpu->stop(vmsa)) {
		vmsa_registry_release(vmsa);
		return SVSM_ERR_INVALID_ADDRESS;
	}
	if (!platform->vcpu->stopped(vmsa)) {
		resume(vmsa);
		return SVSM_ERR_DELETE_INUSE;
	}
	return SVSM_SUCCESS;
}

/*
 * The caller has claimed and stopped the VMSA, and holds no lock. Locks: the regions of the VMSA
 * and its calling area, then LOCK_VMSAS, so that the page and the registry change together. False:
 * the page is still a VMSA, claimed and stopped as before.
 */
static bool vmsa_delete(const struct vmsa_entry *e, enum svsm_result *rax)
{
	struct pages_locked held = pagestate_lock2(e->vmsa, e->caa);
	bool gone;

	vmsa_registry_freeze();
	*rax = core_result(guestpage_unseal(held, e->vmsa, true));
	gone = pagestate_get(e->vmsa) != PAGE_VMSA;
	if (gone) {
		vmsa_registry_remove(e->vmsa);
		caa_dropped(held, e->caa);
	}
	vmsa_registry_thaw();
	pagestate_unlock(held);
	return gone;
}

/*
 * svsm_request() has claimed and stopped the caller's VMSA already. When the VMSA is gone, nobody
 * is left to whom a result could go: GPA_NONE says so to svsm_request().
 */
static enum svsm_result delete_self(struct svsm_call *call)
{
	enum svsm_result rax;

	if (vmsa_delete(call->self, &rax))
		call->self->vmsa = call->self->caa = GPA_NONE;
	return rax;
}

/*
 * Locks: none here. arrest() claims the VMSA, which holds off its vCPU and every other deleter, and
 * vmsa_delete() takes the locks of the change.
 */
enum svsm_result core_delete_vcpu(struct svsm_call *call)
{
	gpa_t vmsa = gpa(call->rcx);
	struct vmsa_entry entry;
	enum svsm_result rax;

	if (vmsa_registry_is_startup(vmsa))
		return SVSM_ERR_INVALID_PARAMETER;
	if (gpa_eq(vmsa, call->self->vmsa))
		return delete_self(call);
	rax = arrest(vmsa, &entry);
	if (rax == SVSM_SUCCESS && !vmsa_delete(&entry, &rax))
		resume(vmsa);
	return rax;
}
