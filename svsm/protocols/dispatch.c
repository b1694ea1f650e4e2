/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The way of a call: from a guest that has left by VMGEXIT to the protocol that handles it, and
 * back. boot/cpu_loop.c calls svsm_request() after each run of the guest. It must never trust a
 * VMSA that may still run, nor wait when the guest has not called.
 */
#include "protocols/dispatch.h"
#include "abi/svsm.h"
#include "apic/guest_apic.h"
#include "base/speculation.h"
#include "mm/guest_mem.h"
#include "log/log.h"
#include "cpu/percpu.h"
#include "platform/vcpu.h"
#include "protocols/mem_available.h"

extern const struct svsm_protocol __start_svsm_protocols[], __stop_svsm_protocols[];

#define CALL_PENDING 1 /* SVSM table 2: any other value than 0 and 1 is reserved */

const struct svsm_protocol *svsm_protocol_find(uint32_t number)
{
	for (const struct svsm_protocol *p = __start_svsm_protocols; p < __stop_svsm_protocols;
	     p++) {
		if (p->number == number)
			return !p->present || p->present() ? p : NULL;
	}
	return NULL;
}

/*
 * Has the guest really called? The hypervisor may bring us here whenever it likes, also while the
 * guest still prepares a call. So a call counts only when the guest has left by a VMGEXIT of its
 * own. Returns call_pending, or 0 when the guest has not called.
 */
static uint8_t pending(const struct vmsa_entry *self)
{
	uint8_t call_pending;

	if (!guest_read8(self->caa, &call_pending) || !call_pending)
		return 0;
	return platform->vcpu->called(self->vmsa) ? call_pending : 0;
}

static enum svsm_result handle(struct svsm_call *call)
{
	const struct svsm_protocol *p = svsm_protocol_find(call->protocol);

	return p ? p->handle(call) : SVSM_ERR_UNSUPPORTED_PROTOCOL;
}

/*
 * Writes the registers that the call has changed, and RAX last. False: the page is not private any
 * more. Then nobody can run it, and the call has no result.
 */
static bool registers_out(const struct svsm_call *call, const struct vcpu_call *before,
			  enum svsm_result rax)
{
	struct vcpu_call now = {rax, call->rcx, call->rdx, call->r8, call->r9};

	return platform->vcpu->call_out(call->self->vmsa, &now, before);
}

/*
 * Clears SVSM_CALL_PENDING, which tells the guest that the call is over and its results stand.
 * REMAP_CA itself has cleared it in the area that it left (58019, 6.1).
 */
static void finish(const struct vmsa_entry *self)
{
	/* mem_available_announce() keeps the startup vCPU's field up to date, from any vCPU. */
	if (!vmsa_registry_is_startup(self->vmsa))
		guest_write8(gpa_add(self->caa, offsetof(struct svsm_caa, mem_available)),
			     mem_available());
	guest_write8(self->caa, 0);
}

/* The vCPU has deleted its own VMSA (58019, 6.4), so nothing of the call can be written back. */
static bool vmsa_is_gone(const struct vmsa_entry *self)
{
	return gpa_eq(self->vmsa, GPA_NONE);
}

static void serve(struct svsm_call *call, const struct vcpu_call *in)
{
	enum svsm_result rax;

	speculation_barrier(); /* no register of a guest that has not called is acted upon */
	call->protocol = (uint32_t)(in->rax >> 32);
	call->number = (uint32_t)in->rax;
	call->rcx = in->rcx;
	call->rdx = in->rdx;
	call->r8 = in->r8;
	call->r9 = in->r9;
	rax = handle(call);
	if (vmsa_is_gone(call->self))
		return;
	if (registers_out(call, in, rax))
		finish(call->self);
	if (rax != SVSM_SUCCESS && rax != SVSM_ERR_INCOMPLETE)
		log_debug("vCPU %u: call %u:%u rcx %#lx: %#x\n", call->cpu->index, call->protocol,
			  call->number, (unsigned long)call->rcx, rax);
}

/* 58019, table 4: a reserved value of call_pending changes RAX and no other register. */
static void refuse(struct svsm_call *call, const struct vcpu_call *in)
{
	struct vcpu_call out = *in;

	out.rax = SVSM_ERR_INVALID_FORMAT;
	if (platform->vcpu->call_out(call->self->vmsa, &out, in))
		finish(call->self);
}

/* The VMSA does not run and cannot start, so its content is final and may be trusted. */
static void serve_call(struct svsm_call *call)
{
	uint8_t call_pending = pending(call->self);
	struct vcpu_call in;

	if (!call_pending || !platform->vcpu->call_in(call->self->vmsa, &in))
		return;
	if (call_pending == CALL_PENDING)
		serve(call, &in);
	else
		refuse(call, &in);
}

/* Interrupts of a guest whose APIC is emulated here change hands before its call and after it. */
static void serve_stopped(struct svsm_call *call)
{
	if (guest_apic_on(call->cpu))
		guest_apic_leave(call->self);
	serve_call(call);
	if (guest_apic_on(call->cpu) && !vmsa_is_gone(call->self))
		guest_apic_enter(call->self);
}

/*
 * 58019, chapter 5: first stop the VMSA (EFER.SVME), then look at call_pending and the exit code.
 * pending() is asked twice. The first answer saves time: most exits of a guest bring no call, and
 * then there is nothing to wait for, unless its interrupts are ours. The second answer, after
 * stopped(), is the one that counts.
 */
bool svsm_request(struct cpu *c)
{
	struct vmsa_entry self;
	struct svsm_call call = {.cpu = c, .self = &self};
	bool stop, called;

	if (!vmsa_registry_begin(c, &self))
		return false;
	stop = platform->vcpu->stop(self.vmsa);
	called = stop && pending(&self);
	if (called || (stop && guest_apic_on(c))) {
		if (platform->vcpu->stopped(self.vmsa))
			serve_stopped(&call);
		else if (called)
			log_guest("vCPU %u: its VMSA runs elsewhere, call not served\n", c->index);
	}
	if (vmsa_is_gone(&self))
		return called;
	platform->vcpu->resume(self.vmsa);
	vmsa_registry_release(self.vmsa);
	return called;
}
