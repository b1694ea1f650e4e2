/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A host that says that it is busy, that a buffer is too small or that it has failed has not asked
 * the processor: the message was not counted, and the guest may send the same bytes again. Every
 * other fault spoils an answer, never the processor's state, so that no key is used twice with one
 * number.
 */
#include <string.h>

#include "harness/psp/table.h"
#include "harness/psp/vmm.h"

bool vmm_init(struct vmm *v, struct psp *psp)
{
	*v = (struct vmm){.psp = psp};
	memcpy(v->faults, psp->config->faults, sizeof(v->faults));
	v->table_size = (uint32_t)table_make(
		psp->chain, *psp->config->vlek ? ENDORSEMENT_VLEK : ENDORSEMENT_VCEK, v->table,
		sizeof(v->table));
	return v->table_size;
}

/* The fault whose turn it is; NULL: there are no more. */
static struct psp_faults *turn(struct vmm *v)
{
	while (v->step < PSP_FAULTS_MOST && !v->faults[v->step].count)
		v->step++;
	return v->step < PSP_FAULTS_MOST ? &v->faults[v->step] : NULL;
}

bool vmm_is_slow(struct vmm *v)
{
	struct psp_faults *f = turn(v);

	return f && f->fault == PSP_FAULT_SLOW;
}

static uint32_t pages_needed(const struct vmm *v)
{
	return (v->table_size + PAGE_SIZE - 1) / PAGE_SIZE;
}

/* The fault that this request meets. A replay waits for an answer that it can repeat. */
static enum psp_fault next_fault(struct vmm *v)
{
	struct psp_faults *f = turn(v);

	if (!f || (f->fault == PSP_FAULT_REPLAY && !v->answered))
		return PSP_FAULT_NONE;
	f->count--;
	return f->fault;
}

static void too_small(const struct vmm *v, struct psp_link_reply *r)
{
	r->info2 = VMM_ERROR_INVALID_LEN;
	r->pages = pages_needed(v);
}

/* True: the processor is not asked, and *r is what the guest gets. */
static bool refuse(struct vmm *v, enum psp_fault f, const struct psp_link_request *q,
		   struct psp_link_reply *r)
{
	if (f == PSP_FAULT_BUSY)
		r->info2 = VMM_ERROR_BUSY;
	else if (f == PSP_FAULT_HOST)
		r->info2 = VMM_ERROR_GENERIC;
	else if (f == PSP_FAULT_FIRMWARE)
		r->info2 = SNP_STATUS_INVALID_PARAM;
	else if (f == PSP_FAULT_INVALID_LEN || (q->extended && q->pages < pages_needed(v)))
		too_small(v, r);
	else
		return false;
	return true;
}

/* The answer as the fault has it arrive. */
static void spoil(enum psp_fault f, struct guest_message *m)
{
	if (f == PSP_FAULT_TAG)
		m->authtag[0] ^= 1;
	if (f == PSP_FAULT_SEQUENCE)
		m->seqno += 2;
}

static void ask(struct vmm *v, const struct guest_message *request, struct guest_message *response,
		struct psp_link_reply *r)
{
	r->info2 = psp_request(v->psp, request, response);
	if (r->info2 != SNP_STATUS_SUCCESS)
		return;
	v->last = *response;
	v->answered = true;
	r->size = sizeof(*response);
}

void vmm_serve(struct vmm *v, const struct psp_link_request *q, const struct guest_message *request,
	       struct guest_message *response, struct psp_link_reply *r)
{
	enum psp_fault f = next_fault(v);

	*r = (struct psp_link_reply){0};
	if (refuse(v, f, q, r)) {
		psp_note(v->psp, request); /* the host has seen it */
		return;
	}
	if (f == PSP_FAULT_REPLAY) {
		*response = v->last;
		r->size = sizeof(*response);
	} else {
		ask(v, request, response, r);
		spoil(f, response);
	}
	if (q->extended)
		r->table = v->table_size;
}
