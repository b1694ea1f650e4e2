/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a host's VMM does around a guest request: it has the certificates, and it can be busy, or
 * lie. The faults of psp_config happen here. One thread at a time.
 */
#include "abi/psp_link.h"
#include "harness/psp/psp.h"

struct vmm {
	struct psp *psp;
	struct psp_faults faults[PSP_FAULTS_MOST]; /* that are still to come */
	size_t step;                               /* of them */
	bool answered;                             /* `last` holds an answer */
	struct guest_message last;                 /* to replay */
	uint8_t table[PSP_LINK_TABLE_MAX];         /* certificates */
	uint32_t table_size;
};

/* False: the certificates are more than fits. psp->chain is there. */
bool vmm_init(struct vmm *v, struct psp *psp);
/*
 * One request. response is written where the answer is PSP's, and *r says what goes back: r->size
 * is the page's or 0, r->table the certificates', which are v's. r->magic and r->id are not set.
 */
void vmm_serve(struct vmm *v, const struct psp_link_request *q, const struct guest_message *request,
	       struct guest_message *response, struct psp_link_reply *r);
/* The request that comes next is to be answered late. */
bool vmm_is_slow(struct vmm *v);
