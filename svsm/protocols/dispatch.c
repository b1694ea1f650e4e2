/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "protocols/dispatch.h"
#include "abi/svsm.h"
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
 * Did the guest really call? The hypervisor may bring us here whenever it likes, in the middle of
 * the guest's preparations too: so the guest must have left by VMGEXIT of its own. Returns
 * call_pending, 0 when it did not call.
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

/* What a call changes of the registers, and RAX, last. False: the page is not private any more, so
 * nobody runs it either. */
static bool registers_out(const struct svsm_call *call, const struct vcpu_call *before,
			  enum svsm_result rax)
{
	struct vcpu_call now = {rax, call->rcx, call->rdx, call->r8, call->r9};

	return platform->vcpu->call_out(call->self->vmsa, &now, before);
}

/*
 * The call is over and its results stand, so call_pending can be cleared. REMAP_CA has cleared that
 * of the area which it left (58019, 6.1).
 */
static void finish(const struct vmsa_entry *self)
{
	/* The startup vCPU's is kept up to date by mem_available_announce(), also from other vCPUs.
	 */
	if (!vmsa_registry_is_startup(self->vmsa))
		guest_write8(gpa_add(self->caa, offsetof(struct svsm_caa, mem_available)),
			     mem_available());
	guest_write8(self->caa, 0);
}

/* The vCPU has deleted itself: 58019, 6.4. */
static bool vmsa_is_gone(const struct vmsa_entry *self)
{
	return gpa_eq(self->vmsa, GPA_NONE);
}

static void serve(struct svsm_call *call, const struct vcpu_call *in)
{
	enum svsm_result rax;

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

/* 58019, table 4: the registers stay as they are, but RAX. */
static void refuse(struct svsm_call *call, const struct vcpu_call *in)
{
	struct vcpu_call out = *in;

	out.rax = SVSM_ERR_INVALID_FORMAT;
	if (platform->vcpu->call_out(call->self->vmsa, &out, in))
		finish(call->self);
}

/* The VMSA does not run and stays like that: what is in it can be believed. */
static void serve_stopped(struct svsm_call *call)
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

/*
 * 58019, chapter 5: the VMSA is stopped first (EFER.SVME), then come call_pending and the exit
 * code. Whether there is a call is looked at twice: without one, which is what most exits of a
 * guest bring, nothing needs to be waited for.
 */
void svsm_request(struct cpu *c)
{
	struct vmsa_entry self;
	struct svsm_call call = {.cpu = c, .self = &self};

	if (!vmsa_registry_begin(c, &self))
		return;
	if (platform->vcpu->stop(self.vmsa) && pending(&self)) {
		if (platform->vcpu->stopped(self.vmsa))
			serve_stopped(&call);
		else
			log_guest("vCPU %u: its VMSA runs elsewhere, call not served\n", c->index);
	}
	if (vmsa_is_gone(&self))
		return;
	platform->vcpu->resume(self.vmsa);
	vmsa_registry_release(self.vmsa);
}
