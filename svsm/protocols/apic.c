/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The APIC protocol: draft 1.01 of 58019, chapter 9, as far as it is public (docs/apic.md). It is
 * there for vCPUs whose APIC the SVSM emulates, and for no other: their calls end as those of an
 * unknown protocol. Emulation itself is svsm/apic.
 */
#include "abi/svsm.h"
#include "apic/guest_apic.h"
#include "protocols/dispatch.h"

static enum svsm_result result(enum guest_apic_result r)
{
	switch (r) {
	case GUEST_APIC_OK:
		return SVSM_SUCCESS;
	case GUEST_APIC_UNKNOWN:
		return SVSM_ERR_INVALID_ADDRESS;
	default:
		return SVSM_ERR_INVALID_PARAMETER;
	}
}

static enum svsm_result query_features(struct svsm_call *call)
{
	call->rcx = 0; /* none beyond the calls themselves */
	return SVSM_SUCCESS;
}

/* Once nobody is registered, each vCPU's APIC goes to the hypervisor in a call of its own. */
static enum svsm_result configure(struct svsm_call *call)
{
	bool registered;

	switch (call->rcx) {
	case SVSM_APIC_QUERY:
		registered = guest_apic_registered();
		break;
	case SVSM_APIC_DEREGISTER:
		registered = guest_apic_deregister();
		break;
	case SVSM_APIC_REGISTER:
		return guest_apic_register() ? SVSM_SUCCESS : SVSM_ERR_APIC_CANNOT_REGISTER;
	default:
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (!registered)
		guest_apic_hand_over(call->self);
	return SVSM_SUCCESS;
}

/* RDX stays as it was when there is nothing to read. */
static enum svsm_result read_register(struct svsm_call *call)
{
	return result(guest_apic_read(call->rcx, &call->rdx));
}

static enum svsm_result write_register(const struct svsm_call *call)
{
	return result(guest_apic_write(call->self->vmpl, call->rcx, call->rdx));
}

/* With all vectors the number of one means nothing. */
static enum svsm_result configure_vector(const struct svsm_call *call)
{
	const uint64_t known =
		SVSM_APIC_VECTOR_MASK | SVSM_APIC_VECTOR_ENABLE | SVSM_APIC_VECTOR_ALL;
	bool allowed = call->rcx & SVSM_APIC_VECTOR_ENABLE;

	if (call->rcx & ~known)
		return SVSM_ERR_INVALID_PARAMETER;
	if (call->rcx & SVSM_APIC_VECTOR_ALL)
		guest_apic_allow_all(allowed);
	else
		guest_apic_allow(call->rcx & SVSM_APIC_VECTOR_MASK, allowed);
	return SVSM_SUCCESS;
}

static enum svsm_result handle(struct svsm_call *call)
{
	switch (call->number) {
	case SVSM_APIC_QUERY_FEATURES:
		return query_features(call);
	case SVSM_APIC_CONFIGURE:
		return configure(call);
	case SVSM_APIC_READ_REGISTER:
		return read_register(call);
	case SVSM_APIC_WRITE_REGISTER:
		return write_register(call);
	case SVSM_APIC_CONFIGURE_VECTOR:
		return configure_vector(call);
	default:
		return SVSM_ERR_UNSUPPORTED_CALL;
	}
}

static bool present(void)
{
	return guest_apic_on(percpu_this());
}

SVSM_PROTOCOL(apic) = {SVSM_PROTO_APIC, 1, 1, present, handle};
