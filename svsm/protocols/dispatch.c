/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "protocols/dispatch.h"
#include "abi/svsm.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "mm/guest_mem.h"
#include "log/log.h"
#include "cpu/percpu.h"
#include "protocols/buffer.h"
#include "protocols/mem_available.h"
#include "task/vmsa_stop.h"

extern const struct svsm_protocol __start_svsm_protocols[], __stop_svsm_protocols[];

#define VMEXIT_VMGEXIT 0x403 /* APM vol. 2, appendix C */
#define CALL_PENDING   1     /* SVSM table 2: any other value than 0 and 1 is reserved */

static gpa_t field(gpa_t vmsa, size_t offset)
{
	return gpa_add(vmsa, offset);
}

#define FIELD(vmsa_gpa, name) field(vmsa_gpa, offsetof(struct vmsa, name))

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
	uint64_t exit_code;
	uint8_t call_pending;

	if (!guest_read8(self->caa, &call_pending) || !call_pending)
		return 0;
	if (!guest_read64(FIELD(self->vmsa, guest_exit_code), &exit_code))
		return 0;
	return exit_code == VMEXIT_VMGEXIT ? call_pending : 0;
}

/* RCX to R9 as they lie in a VMSA. */
struct registers {
	uint64_t rcx, rdx, rbx, rsvd, rbp, rsi, rdi, r8, r9;
};
ABI_OFFSET(struct registers, r9, offsetof(struct vmsa, r9) - offsetof(struct vmsa, rcx),
	   "APM B-4: RCX to R9");

static bool registers_in(gpa_t vmsa, struct svsm_call *call)
{
	struct registers r;
	uint64_t rax;

	if (!guest_read64(FIELD(vmsa, rax), &rax) ||
	    !guest_copy_in(&r, FIELD(vmsa, rcx), sizeof(r)))
		return false;
	call->protocol = (uint32_t)(rax >> 32);
	call->number = (uint32_t)rax;
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

static bool registers_out(gpa_t vmsa, const struct svsm_call *call, const struct svsm_call *before)
{
	return out(FIELD(vmsa, rcx), call->rcx, before->rcx) &&
	       out(FIELD(vmsa, rdx), call->rdx, before->rdx) &&
	       out(FIELD(vmsa, r8), call->r8, before->r8) &&
	       out(FIELD(vmsa, r9), call->r9, before->r9);
}

static enum svsm_result handle(struct svsm_call *call)
{
	const struct svsm_protocol *p = svsm_protocol_find(call->protocol);

	return p ? p->handle(call) : SVSM_ERR_UNSUPPORTED_PROTOCOL;
}

/*
 * The call is over: RAX, then call_pending. After REMAP_CA that of both areas (58019, 6.1); the old
 * one is plain memory by then and may have become anything, so it is written as a buffer is.
 */
static void finish(const struct vmsa_entry *self, gpa_t old_area, enum svsm_result rax)
{
	const uint8_t none = 0;

	if (!guest_write64(FIELD(self->vmsa, rax), rax))
		return; /* the page is not private any more, so no VMRUN takes it either */
	/* The startup vCPU's is kept up to date by mem_available_announce(), also from other vCPUs.
	 */
	if (!vmsa_registry_is_startup(self->vmsa))
		guest_write8(gpa_add(self->caa, offsetof(struct svsm_caa, mem_available)),
			     mem_available());
	if (!gpa_eq(old_area, self->caa))
		buffer_out(old_area, &none, sizeof(none));
	guest_write8(self->caa, none);
}

/* The vCPU has deleted itself: 58019, 6.4. */
static bool vmsa_is_gone(const struct vmsa_entry *self)
{
	return gpa_eq(self->vmsa, GPA_NONE);
}

static void serve(struct svsm_call *call)
{
	const struct svsm_call before = *call;
	gpa_t area = call->self->caa;
	enum svsm_result rax = handle(call);

	if (vmsa_is_gone(call->self))
		return;
	if (registers_out(call->self->vmsa, call, &before))
		finish(call->self, area, rax);
	if (rax != SVSM_SUCCESS && rax != SVSM_ERR_INCOMPLETE)
		log_debug("vCPU %u: call %u:%u rcx %#lx: %#x\n", call->cpu->index, call->protocol,
			  call->number, (unsigned long)call->rcx, rax);
}

/* The VMSA does not run and stays like that: what is in it can be believed. */
static void serve_stopped(struct svsm_call *call)
{
	switch (pending(call->self)) {
	case 0:
		break;
	case CALL_PENDING:
		if (registers_in(call->self->vmsa, call))
			serve(call);
		break;
	default: /* table 4 */
		finish(call->self, call->self->caa, SVSM_ERR_INVALID_FORMAT);
	}
}

/*
 * 58019, chapter 5: SVME first, then call_pending and the exit code. Whether there is a call is
 * looked at twice: without one, which is what most exits of a guest bring, nothing needs to be
 * waited for.
 */
void svsm_request(struct cpu *c)
{
	struct vmsa_entry self;
	struct svsm_call call = {.cpu = c, .self = &self};

	if (!vmsa_registry_begin(c, &self))
		return;
	if (vmsa_stop_begin(self.vmsa) && pending(&self)) {
		if (vmsa_stop_holds(self.vmsa))
			serve_stopped(&call);
		else
			log_guest("vCPU %u: its VMSA runs elsewhere, call not served\n", c->index);
	}
	if (vmsa_is_gone(&self))
		return;
	vmsa_stop_end(self.vmsa);
	vmsa_registry_release(self.vmsa);
}
