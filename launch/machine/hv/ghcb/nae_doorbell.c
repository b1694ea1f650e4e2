/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/hv/altinj.h"
#include "machine/hv/doorbell.h"
#include "machine/hv/ghcb/nae.h"
#include "abi/doorbell.h"
#include "abi/ghcb.h"
#include "lib/vapic/vapic.h"

/* Restricted injection: GHCB (56421), #HV Doorbell Page and #HV IPI. */

/* The page of VMPL0 shows what is pending for others, too. */
static void withdraw(struct vcpu *v)
{
	if (v->vmpl == VMPL_SVSM)
		altinj_withdraw(v);
}

static void doorbell(struct ghcb_call *c)
{
	switch (c->info1) {
	case GHCB_DOORBELL_PREFERRED:
		c->out2 = GPA_NONE.v;
		break;
	case GHCB_DOORBELL_SET:
		withdraw(c->v);
		if (doorbell_set(c->v, gpa(c->info2)))
			c->out2 = c->info2;
		else
			ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
		break;
	case GHCB_DOORBELL_QUERY:
		c->out2 = doorbell_page(c->v).v;
		break;
	case GHCB_DOORBELL_CLEAR:
		withdraw(c->v);
		doorbell_clear(c->v);
		break;
	default:
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
	}
}

/* An interrupt command without the APIC's registers. */
static void ipi(struct ghcb_call *c)
{
	apic_ipi_send(hv_apic(c->v), (uint32_t)c->info1, c->info1 >> 32);
}

NAE_HANDLER(nae_doorbell) = {
	.code = GHCB_EXIT_HV_DOORBELL,
	.run = doorbell,
	.features = GHCB_HV_FEAT_RESTRICTED_INJ,
	.stat = STAT_OTHER,
};

NAE_HANDLER(nae_ipi) = {
	.code = GHCB_EXIT_HV_IPI,
	.run = ipi,
	.stat = STAT_OTHER,
};
