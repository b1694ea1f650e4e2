/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdlib.h>
#include <string.h>

#include "harness/verify/request.h"
#include "harness/verify/verify_options.h"

bool option_usage(struct words *k, const char *option, const char *takes, const char * not )
{
	problem("verify: --%s takes %s, not '%s'", option, takes, not );
	k->error = REQUEST_USAGE;
	return false;
}

bool option_file(struct words *k, const char *path, struct bytes *out)
{
	free(out->p);
	out->p = (uint8_t *)file_text(path, &out->n);
	if (out->p)
		return true;
	problem("verify: cannot read %s", path);
	k->error = REQUEST_NO_FILE;
	return false;
}

/* ---- files of certificates and the image ---- */

static bool certificates(struct words *k, const char *path, struct certificates *c,
			 const char *check, struct verdict *v)
{
	struct bytes b = {0};
	const char *wrong;

	if (!option_file(k, path, &b))
		return false;
	wrong = certificates_add(c, b.p, b.n);
	free(b.p);
	if (!wrong)
		return true;
	k->error = REQUEST_REFUSED;
	return verdict_refuse(v, check, "%s: %s", path, wrong);
}

static bool image(struct request *q, struct words *k)
{
	struct bytes *out = &q->wanted.measurement;
	bool unreadable;

	out->n = LAUNCH_DIGEST_BYTES;
	out->p = calloc(1, out->n);
	if (out->p && launch_digest(k->igvm, &k->host, out->p, &unreadable))
		return true;
	k->error = unreadable ? REQUEST_NO_FILE : REQUEST_USAGE;
	return false;
}

static bool load(struct request *q, struct words *k, const char *report, struct verdict *v)
{
	if (!option_file(k, report, &q->evidence.report))
		return false;
	for (size_t i = 0; i < k->chain.n; i++)
		if (!certificates(k, k->chain.v[i], &q->evidence.chain, "chain", v))
			return false;
	if (k->root && !certificates(k, k->root, &q->evidence.root, "root", v))
		return false;
	return !k->igvm || image(q, k);
}

enum request_error request_read(struct request *q, int argc, char **argv, struct verdict *v)
{
	struct words k = {.error = REQUEST_OK};
	int c, index = 0;
	bool ok = true;

	*q = (struct request){.evidence.now = time(NULL)};
	optind = 0; /* glibc: start afresh */
	while (ok && (c = getopt_long(argc, argv, "", option_table, &index)) != -1)
		ok = option_take(q, &k, c, index);
	if (ok && optind + 1 != argc)
		ok = option_inconsistent(&k, optind == argc
						     ? "no report was named (keelson verify --help)"
						     : "one report at a time");
	if (ok && options_consistent(q, &k))
		load(q, &k, argv[optind], v);
	strlist_free(&k.chain);
	return k.error;
}

void request_free(struct request *q)
{
	struct wanted *w = &q->wanted;
	struct bytes *all[] = {
		&q->evidence.report, &w->measurement,       &w->report_data, &w->host_data,
		&w->chip_id,         &w->report_id,         &w->family_id,   &w->image_id,
		&w->id_key_digest,   &w->author_key_digest, &w->nonce,       &w->manifest,
		&w->quote,           &w->quote_signature,   &w->quote_nonce};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		free(all[i]->p);
	for (size_t i = 0; i < VERIFY_PCRS; i++)
		free(w->pcrs.value[i].p);
	certificates_free(&q->evidence.chain);
	certificates_free(&q->evidence.root);
	*q = (struct request){0};
}
