/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <string.h>

#include "harness/core/util.h"
#include "harness/igvm/id_block.h"
#include "harness/igvm/measure.h"
#include "harness/igvm/open.h"
#include "harness/psp/launch_finish.h"
#include "harness/psp/launched.h"

static bool make_block(const struct psp_config *c, const struct measure *m,
		       struct igvm_snp_id_block *b)
{
	struct id_block_words w = {
		.id_key = c->id_key, .author_key = c->author_key, .guest_svn = c->guest_svn};

	memcpy(w.family_id, c->family_id, sizeof(w.family_id));
	memcpy(w.image_id, c->image_id, sizeof(w.image_id));
	return id_block_make(&w, m, b);
}

/* The block is made for the policy of the launch: an option may have changed the file's. */
static char *finish(const struct igvm_file *f, const struct psp_config *c, struct measure *m,
		    struct psp_guest *g)
{
	struct igvm_snp_id_block b;
	struct id_block block;
	struct id_auth auth;
	enum snp_status status;
	uint64_t file_policy = m->policy;

	m->policy = g->policy;
	if (c->id_key ? !make_block(c, m, &b) : !id_block_find(f, &b))
		return c->id_key ? str("no ID block can be made") : NULL;
	id_block_of_igvm(&b, c->id_key ? m->policy : file_policy, &block, &auth);
	status = launch_finish(g, &block, &auth, b.author_key_enabled);
	return status ? str("LAUNCH_FINISH: %s", launch_finish_text(status)) : NULL;
}

static char *launch(const struct igvm_file *f, const struct psp_config *c, struct psp_guest *g)
{
	struct measure m;
	char *why;

	if (measure_snp(f, false, &m) != IGVM_OK)
		return str("the IGVM file is not for SEV-SNP");
	memcpy(g->measurement, m.digest, sizeof(g->measurement));
	g->policy = c->policy ? c->policy : m.policy;
	g->guest_svn = c->guest_svn;
	memcpy(g->family_id, c->family_id, sizeof(g->family_id));
	memcpy(g->image_id, c->image_id, sizeof(g->image_id));
	why = finish(f, c, &m, g);
	g->running = !why;
	return why;
}

char *launched(const char *igvm, const struct psp_config *c, struct psp_guest *g)
{
	struct igvm_file f;
	struct blob b;
	char *why;

	if (!blob_read(igvm, &b))
		return str("the IGVM file cannot be read");
	why = igvm_open_blob(&f, &b, igvm) ? launch(&f, c, g) : str("the IGVM file is damaged");
	blob_free(&b);
	return why;
}

/* A file that is no IGVM file is somebody else's to complain of. */
bool launched_has_id_block(const char *igvm, const struct psp_config *c)
{
	struct igvm_snp_id_block block;
	struct igvm_file f;
	struct blob b;
	bool has = c->id_key;

	if (has || !blob_read(igvm, &b))
		return has;
	has = igvm_open(&f, b.data, b.size, b.size) == IGVM_OK && id_block_find(&f, &block);
	blob_free(&b);
	return has;
}
