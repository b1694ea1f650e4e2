/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The startup vCPU's VMSA: made and handed to the hypervisor. boot/guest.c calls guest_vmsa_start()
 * once, as the last step of the boot, on the boot CPU. No guest code has run by then, so no guest
 * can cause a failure here; a failure ends the launch by panic(). It must never start a VMSA that
 * the registry does not know.
 */
#include "boot/guest.h"
#include "mm/alloc.h"
#include "mm/guestpage.h"
#include "base/assert.h"
#include "mm/pagestate.h"
#include "cpu/percpu.h"
#include "task/vmsa_registry.h"
#include "platform/vcpu.h"

/*
 * The same steps as CREATE_VCPU's, for a VMSA that the SVSM fills itself. No guest code has run, so
 * there are no translations to end.
 */
static enum platform_result make(struct pages_locked held, const struct guest_layout *l,
				 const void *state)
{
	enum platform_result r = guestpage_seal(held, l->vmsa);

	if (r != PLATFORM_OK)
		return r;
	guest_put(l->vmsa, state, PAGE_SIZE);
	r = guestpage_make_vmsa(l->vmsa);
	if (r ==
	    PLATFORM_OK) /* each call of the guest counts on it: better no guest than a mute SVSM */
		r = guestpage_vmsa_barrier(l->vmsa);
	if (r == PLATFORM_OK)
		pagestate_set(held, l->caa, PAGE_CAA);
	return r;
}

void guest_vmsa_start(const struct guest_layout *l, unsigned vmpl, const struct vcpu_entry *entry)
{
	struct cpu *c = percpu_this();
	void *state = alloc_page();
	struct pages_locked held;
	enum platform_result r;
	uint64_t features = 0;

	if (!state)
		panic("no memory for the guest's VMSA");
	platform->vcpu->fill(state, vmpl, entry);
	held = pagestate_lock2(l->vmsa, l->caa);
	r = make(held, l, state);
	if (r == PLATFORM_OK && !vmsa_registry_add(c, l->vmsa, l->caa, (uint8_t)vmpl))
		r = PLATFORM_INVALID;
	if (r == PLATFORM_OK && !platform->vcpu->features(l->vmsa, &features))
		r = PLATFORM_FAULT;
	vmsa_registry_set_startup(l->vmsa, features);
	pagestate_unlock(held);
	if (r == PLATFORM_OK)
		r = platform->vcpu->start(c->apic_id, vmpl, l->vmsa);
	if (r != PLATFORM_OK)
		panic("the guest's VMSA at %#lx: %s", (unsigned long)l->vmsa.v,
		      platform_result_name(r));
	alloc_page_free(state);
}
