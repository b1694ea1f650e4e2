/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <string.h>

#include "harness/igvm/measure.h"
#include "harness/igvm/open.h"
#include "harness/psp/launched.h"

bool launched(const char *igvm, const struct psp_config *c, struct psp_guest *g)
{
	struct igvm_file f;
	struct measure m;
	struct blob b;

	g->guest_svn = c->guest_svn;
	memcpy(g->family_id, c->family_id, sizeof(g->family_id));
	memcpy(g->image_id, c->image_id, sizeof(g->image_id));
	if (!blob_read(igvm, &b))
		return false;
	g->running = igvm_open_blob(&f, &b, igvm) && measure_snp(&f, false, &m) == IGVM_OK;
	if (g->running) {
		memcpy(g->measurement, m.digest, sizeof(g->measurement));
		g->policy = c->policy ? c->policy : m.policy;
	}
	blob_free(&b);
	return g->running;
}
