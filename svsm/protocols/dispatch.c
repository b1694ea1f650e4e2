/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "protocols/dispatch.h"
#include "abi/svsm.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "mm/guest_mem.h"
#include "log/log.h"
#include "cpu/percpu.h"
#include "protocols/core.h"

extern const struct svsm_protocol __start_svsm_protocols[], __stop_svsm_protocols[];

#define VMEXIT_VMGEXIT 0x403 /* APM vol. 2, appendix C */

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
 * While the SVSM looks at the registers and answers, no hypervisor may run this VMSA on another
 * CPU: with EFER.SVME clear VMRUN refuses it.
 */
static bool set_runnable(gpa_t vmsa, bool runnable)
{
	uint64_t efer;

	if (!guest_read64(FIELD(vmsa, efer), &efer))
		return false;
	efer = runnable ? efer | EFER_SVME : efer & ~EFER_SVME;
	return guest_write64(FIELD(vmsa, efer), efer);
}

/* Did the guest really call? The hypervisor may bring us here whenever it likes, in the middle of
 * the guest's preparations too: so the guest must have left by VMGEXIT of its own. */
static bool pending(const struct vmsa_entry *self)
{
	uint64_t exit_code;
	uint8_t call_pending;

	return guest_read64(FIELD(self->vmsa, guest_exit_code), &exit_code) &&
	       exit_code == VMEXIT_VMGEXIT && guest_read8(self->caa, &call_pending) &&
	       call_pending == 1;
}

static bool registers_in(gpa_t vmsa, struct svsm_call *call)
{
	uint64_t rax;

	if (!guest_read64(FIELD(vmsa, rax), &rax) || !guest_read64(FIELD(vmsa, rcx), &call->rcx) ||
	    !guest_read64(FIELD(vmsa, rdx), &call->rdx) ||
	    !guest_read64(FIELD(vmsa, r8), &call->r8) || !guest_read64(FIELD(vmsa, r9), &call->r9))
		return false;
	call->protocol = (uint32_t)(rax >> 32);
	call->number = (uint32_t)rax;
	return true;
}

static bool registers_out(gpa_t vmsa, const struct svsm_call *call, enum svsm_result rax)
{
	return guest_write64(FIELD(vmsa, rax), rax) && guest_write64(FIELD(vmsa, rcx), call->rcx) &&
	       guest_write64(FIELD(vmsa, rdx), call->rdx) &&
	       guest_write64(FIELD(vmsa, r8), call->r8) && guest_write64(FIELD(vmsa, r9), call->r9);
}

static void serve(struct svsm_call *call)
{
	const struct svsm_protocol *p;
	enum svsm_result rax;

	if (!registers_in(call->self->vmsa, call) || !guest_write8(call->self->caa, 0))
		return;
	p = svsm_protocol_find(call->protocol);
	rax = p ? p->handle(call) : SVSM_ERR_UNSUPPORTED_PROTOCOL;
	/* Table 2: tells the guest that WITHDRAW_MEM would find something. */
	guest_write8(gpa_add(call->self->caa, offsetof(struct svsm_caa, mem_available)),
		     core_memory_available());
	if (!registers_out(call->self->vmsa, call, rax))
		log_guest("vCPU %u: VMSA cannot be written\n", call->cpu->index);
	if (rax != SVSM_SUCCESS && rax != SVSM_ERR_INCOMPLETE)
		log_debug("vCPU %u: call %u:%u rcx %#lx: %#x\n", call->cpu->index, call->protocol,
			  call->number, (unsigned long)call->rcx, rax);
}

void svsm_request(struct cpu *c)
{
	struct vmsa_entry self;
	struct svsm_call call = {.cpu = c, .self = &self};

	if (!vmsa_registry_begin(c, &self))
		return;
	if (set_runnable(self.vmsa, false)) {
		if (pending(&self))
			serve(&call);
		set_runnable(self.vmsa, true);
	}
	vmsa_registry_release(self.vmsa);
}
