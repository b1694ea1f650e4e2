/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The SVSM asks for the end of the guest, and its host lets it go on. */
#include "machine/hostile/hostile.h"
#include "machine/host/log.h"
#include "machine/hv/ghcb/ghcb_page.h"

/* One line a vCPU, however often it asks. */
static void say(const struct vcpu *v)
{
	static bool said[HOST_MAX_CPUS];

	if (!said[v->index])
		host_log("hostile: vCPU %u VMPL %u asks for termination; ignored", v->index,
			 v->vmpl);
	said[v->index] = true;
}

static bool msr_request(struct vcpu *v, uint64_t request, uint64_t *answer)
{
	if (v->vmpl != VMPL_SVSM || (request & GHCB_MSR_INFO_MASK) != GHCB_MSR_TERMINATE)
		return false;
	say(v);
	*answer = request;
	return true;
}

static unsigned refuse(const struct ghcb_call *c)
{
	if (c->v->vmpl != VMPL_SVSM || c->code != GHCB_EXIT_TERMINATE)
		return 0;
	say(c->v);
	return GHCB_ERR_INVALID_EVENT;
}

HOSTILE_HOST(ignore_termination, "ignore-termination") = {
	.on = &ignore_termination_on, .msr_request = msr_request, .refuse = refuse};
