/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * SNP_GUEST_REQUEST and its extended form: the hypervisor carries a page to the security processor
 * and another one back, and understands neither. What it has to say itself, for example that it is
 * busy, stands in SW_EXITINFO2[63:32], the firmware's status in the lower half. The pages are
 * checked as KVM does: Linux, arch/x86/kvm/svm/sev.c, snp_handle_guest_req().
 */
#include "machine/host/mem/gpa_map.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/psp/link.h"
#include "machine/hv/state/state.h"
#include "machine/snp/rmp/rmp.h"
#include "abi/ghcb.h"
#include "abi/guest_message.h"
#include "lib/string.h"

/* The guest's buffer for certificates; no pages: there is none. */
struct certificates {
	gpa_t at;
	uint32_t pages;
};

static bool good_pages(const struct ghcb_call *c)
{
	gpa_t request = gpa(c->info1), response = gpa(c->info2);

	return IS_ALIGNED(request.v, PAGE_SIZE) && IS_ALIGNED(response.v, PAGE_SIZE) &&
	       !gpa_eq(request, response) && rmp_is_shared(request, PAGE_SIZE) &&
	       rmp_is_shared(response, PAGE_SIZE);
}

/* As many pages as are ever written to must be shared. */
static bool good_buffer(const struct certificates *to)
{
	uint64_t most = PSP_LINK_TABLE_MAX / PAGE_SIZE;

	return IS_ALIGNED(to->at.v, PAGE_SIZE) &&
	       (!to->pages || rmp_is_shared(to->at, MIN(to->pages, most) * PAGE_SIZE));
}

/*
 * The pages may have become private since they were checked. The firmware has counted the message
 * by then, and the guest has no answer to it: as on a host that fails.
 */
static bool hand_over(struct ghcb_call *c, const struct certificates *to,
		      const struct psp_link_reply *r, const void *response, const void *table)
{
	if (r->table > (uint64_t)to->pages * PAGE_SIZE)
		return false;
	return (!r->table || ghcb_store(c, guest_ptr(to->at), table, r->table)) &&
	       (!response || ghcb_store(c, guest_ptr(gpa(c->info2)), response, PAGE_SIZE));
}

static void ask(struct ghcb_call *c, bool extended, const struct certificates *to)
{
	const void *response, *table;
	const struct psp_link_reply *r = psp_link_ask(c->v, extended, to->pages, &response, &table);

	c->out2 = VMM_ERROR_GENERIC;
	if (!r || !hand_over(c, to, r, response, table))
		return;
	c->out2 = r->info2;
	if (extended && r->pages)
		ghcb_set_rbx(c, r->pages);
}

/* Only a report comes with certificates. The type is looked at in the copy: the guest may still
 * change the page. It may have made the pages private while this vCPU waited for the link. */
static void carry(struct ghcb_call *c, bool extended)
{
	struct certificates to = {.at = GPA_NONE};
	struct guest_message *m = psp_link_page();

	if (!good_pages(c)) {
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
		return;
	}
	memcpy(m, guest_ptr(gpa(c->info1)), sizeof(*m));
	extended = extended && m->type == GUEST_MESSAGE_REPORT_REQ;
	if (extended)
		to = (struct certificates){gpa(c->rax), (uint32_t)MIN(c->rbx, ~0u)};
	if (extended && !good_buffer(&to))
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
	else
		ask(c, extended, &to);
}

static void request(struct ghcb_call *c)
{
	if (!good_pages(c)) {
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
	} else if (!psp_link_there()) {
		c->out2 = VMM_ERROR_GENERIC;
	} else if (!psp_link_begin(c->v)) {
		c->out2 = VMM_ERROR_BUSY;
	} else {
		carry(c, c->code == GHCB_EXIT_EXT_GUEST_REQ);
		psp_link_end();
	}
}

NAE_HANDLER(nae_guest_request) = {
	.code = GHCB_EXIT_GUEST_REQ,
	.run = request,
	.stat = STAT_OTHER,
};

NAE_HANDLER(nae_ext_guest_request) = {
	.code = GHCB_EXIT_EXT_GUEST_REQ,
	.run = request,
	.needs = NEED_RAX | NEED_RBX,
	.stat = STAT_OTHER,
};
