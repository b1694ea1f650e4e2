/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The core protocol: its table of calls, the two calls that touch no memory, and the translation of
 * the platform's results into the guest's. dispatch.c calls handle(), with no lock held. Calls on
 * vCPUs are in core_vcpu.c, calls on lists of pages in core_memory.c.
 */
#include "protocols/core.h"
#include "abi/svsm.h"

_Static_assert(SVSM_ERR_PROTOCOL_BASE + PLATFORM_NO_CHANGE == SVSM_ERR_PVALIDATE_NO_CHANGE,
	       "58019 6.2: EFLAGS.CF");
_Static_assert(SVSM_ERR_PROTOCOL_BASE + PLATFORM_UNEXPECTED == SVSM_ERR_PVALIDATE_UNEXPECTED,
	       "58019 6.2: EAX beyond 0xf");

/*
 * The platform does the guest's page operations. This turns its result into the call's: 58019, 6.2,
 * and 6.4 for 0x80001003 (the VMSA is in use).
 */
enum svsm_result core_result(enum platform_result r)
{
	switch (r) {
	case PLATFORM_OK:
		return SVSM_SUCCESS;
	case PLATFORM_INVALID:
	case PLATFORM_FAULT:
		return SVSM_ERR_INVALID_ADDRESS;
	case PLATFORM_REFUSED:
	case PLATFORM_UNSUPPORTED:
		return SVSM_ERR_INVALID_REQUEST;
	default:
		return (enum svsm_result)(SVSM_ERR_PROTOCOL_BASE + (uint32_t)r);
	}
}

/* SVSM_CORE_QUERY_PROTOCOL: RCX = protocol << 32 | version. */
static enum svsm_result query_protocol(struct svsm_call *call)
{
	const struct svsm_protocol *p = svsm_protocol_find((uint32_t)(call->rcx >> 32));
	uint32_t version = (uint32_t)call->rcx;

	call->rcx = 0;
	if (p && version >= p->version_min && version <= p->version_max)
		call->rcx = (uint64_t)p->version_max << 32 | p->version_min;
	return SVSM_SUCCESS;
}

#define VTOM_QUERY         BIT(0)
#define VTOM_RESERVED_MASK 0xfe0ull /* of a configuration: table 9 */

/*
 * SVSM_CORE_CONFIGURE_VTOM: not supported, because every VMSA of the guest must have the startup
 * vCPU's SEV_FEATURES, and those are without vTOM.
 */
static enum svsm_result configure_vtom(struct svsm_call *call)
{
	uint64_t must_be_0 = call->rcx & VTOM_QUERY ? ~VTOM_QUERY : VTOM_RESERVED_MASK;

	if (call->rcx & must_be_0)
		return SVSM_ERR_INVALID_PARAMETER;
	if (!(call->rcx & VTOM_QUERY))
		return SVSM_ERR_INVALID_REQUEST;
	call->rcx = 0;
	return SVSM_SUCCESS;
}

static enum svsm_result handle(struct svsm_call *call)
{
	switch (call->number) {
	case SVSM_CORE_REMAP_CA:
		return core_remap_ca(call);
	case SVSM_CORE_PVALIDATE:
		return core_pvalidate(call);
	case SVSM_CORE_CREATE_VCPU:
		return core_create_vcpu(call);
	case SVSM_CORE_DELETE_VCPU:
		return core_delete_vcpu(call);
	case SVSM_CORE_DEPOSIT_MEM:
		return core_deposit_mem(call);
	case SVSM_CORE_WITHDRAW_MEM:
		return core_withdraw_mem(call);
	case SVSM_CORE_QUERY_PROTOCOL:
		return query_protocol(call);
	case SVSM_CORE_CONFIGURE_VTOM:
		return configure_vtom(call);
	default:
		return SVSM_ERR_UNSUPPORTED_CALL;
	}
}

SVSM_PROTOCOL(core) = {SVSM_PROTO_CORE, 1, 1, NULL, handle};
