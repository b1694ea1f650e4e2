/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "abi/svsm.h"
#include "base/assert.h"
#include "mm/guest_mem.h"
#include "mm/guestpage.h"
#include "mm/pagestate.h"
#include "cpu/percpu.h"
#include "protocols/core.h"
#include "protocols/mem_available.h"
#include "platform/vcpu.h"
#include "task/vmsa_flush.h"

static bool page_aligned(uint64_t v)
{
	return IS_ALIGNED(v, PAGE_SIZE);
}

/* A page may become cpu's calling area: plain memory, or the area of another VMSA of the same vCPU
 * (Linux creates the new VMSA before it deletes the old one). Region locked. */
static bool caa_allowed(gpa_t caa, const struct cpu *cpu)
{
	enum page_state s = pagestate_get(caa);

	return s == PAGE_VALID || (s == PAGE_CAA && !vmsa_registry_caa_foreign(caa, cpu));
}

/* The calling area lost a user: with the last one it is plain memory again. Region locked. */
static void caa_dropped(struct pages_locked held, gpa_t caa)
{
	if (!vmsa_registry_caa_users(caa) && pagestate_get(caa) == PAGE_CAA)
		pagestate_set(held, caa, PAGE_VALID);
}

/*
 * The first 8 bytes of a page that becomes a calling area: no call is pending, whatever was there.
 * False: it cannot be written.
 */
static bool caa_prepare(gpa_t caa)
{
	uint64_t head = (uint64_t)mem_available() << 8 * offsetof(struct svsm_caa, mem_available);

	return guest_write64(caa, head);
}

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

/* 58019, 6.3; only the guest's own VMPL is supported. The page is sealed: what is read here stays.
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

/* The hypervisor can run it as soon as it is made, so there must be room for it before. */
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

/* Regions locked, page sealed, nobody else can write it any more. */
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

/* The first half: the page is the guest's, and then nobody's. */
static enum svsm_result vmsa_seal(gpa_t vmsa, gpa_t caa, const struct cpu *cpu)
{
	struct pages_locked held = pagestate_lock2(vmsa, caa);
	enum svsm_result rax = SVSM_ERR_INVALID_ADDRESS;

	if (caa_allowed(caa, cpu))
		rax = core_result(guestpage_seal(held, vmsa));
	pagestate_unlock(held);
	return rax;
}

/* The second half: all of it, or the page is the guest's as before. */
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
 * Between the halves other vCPUs are waited for, so no region is locked: a sealed page is nobody's,
 * and what has become of the calling area meanwhile is looked at again.
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
	return rax == SVSM_SUCCESS ? vmsa_finish(vmsa, caa, cpu, vmsa_flush()) : rax;
}

/* It goes on as if it had not been stopped. */
static void resume(gpa_t vmsa)
{
	platform->vcpu->resume(vmsa);
	vmsa_registry_release(vmsa);
}

/* Another vCPU's VMSA: claimed and stopped, so that its vCPU is in no call, and runs no more. */
static enum svsm_result arrest(gpa_t vmsa, struct vmsa_entry *entry)
{
	switch (vmsa_registry_claim(vmsa, entry)) {
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

/* False: it is a VMSA still, claimed and stopped as before. */
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

/* Stopped and claimed it is already, for the call; nobody is left to whom a result could go. */
static enum svsm_result delete_self(struct svsm_call *call)
{
	enum svsm_result rax;

	if (vmsa_delete(call->self, &rax))
		call->self->vmsa = call->self->caa = GPA_NONE;
	return rax;
}

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
