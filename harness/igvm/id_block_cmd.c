/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson igvm id-block: signs what a file measures, and puts that into it. The digest stays: an ID
 * block is no part of it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/psp_config.h"
#include "harness/igvm/id_block.h"
#include "harness/igvm/igvm_cmd.h"
#include "harness/igvm/open.h"

static const struct option options[] = {
	{"id-key", required_argument, NULL, 'k'},
	{"author-key", required_argument, NULL, 'a'},
	{"svn", required_argument, NULL, 's'},
	{"family-id", required_argument, NULL, 'f'},
	{"image-id", required_argument, NULL, 'i'},
	{"output", required_argument, NULL, 'o'},
	{NULL, 0, NULL, 0},
};

struct request {
	const char *path, *output;
	struct id_block_words words;
};

/* Which have the same words for --psp: the same rules. */
static bool take(struct psp_config *c, const char *key)
{
	size_t n = strlen(key) + strlen(optarg) + 2;
	char *word = malloc(n), *wrong;

	if (!word)
		exit(IGVM_EXIT_HOST);
	snprintf(word, n, "%s=%s", key, optarg);
	wrong = psp_config_set(c, word);
	free(word);
	free(wrong);
	return !wrong;
}

static bool option(struct request *r, struct psp_config *c, int o)
{
	switch (o) {
	case 'k':
		r->words.id_key = optarg;
		return true;
	case 'a':
		r->words.author_key = optarg;
		return true;
	case 'o':
		r->output = optarg;
		return true;
	case 's':
		return take(c, "svn");
	case 'f':
		return take(c, "family-id");
	case 'i':
		return take(c, "image-id");
	default:
		return false;
	}
}

static bool parse(struct request *r, int argc, char **argv)
{
	struct psp_config c = {0};
	int o;

	optind = 0;
	while ((o = getopt_long(argc, argv, "o:", options, NULL)) != -1)
		if (!option(r, &c, o))
			return false;
	r->words.guest_svn = c.guest_svn;
	memcpy(r->words.family_id, c.family_id, sizeof(c.family_id));
	memcpy(r->words.image_id, c.image_id, sizeof(c.image_id));
	r->path = optind + 1 == argc ? argv[optind] : NULL;
	return r->path && r->output && r->words.id_key;
}

static int sign(const struct request *r, const struct igvm_file *f, const struct blob *in)
{
	struct igvm_snp_id_block b;
	struct blob out = {0};
	struct measure m;
	int code = IGVM_EXIT_BAD_FILE;

	if (measure_snp(f, false, &m) != IGVM_OK)
		igvm_fail("%s: not for SEV-SNP", r->path);
	else if (id_block_make(&r->words, &m, &b) && id_block_insert(f, in, &b, &out))
		code = blob_write(r->output, out.data, out.size) ? IGVM_EXIT_OK : IGVM_EXIT_HOST;
	blob_free(&out);
	return code;
}

int igvm_id_block_command(int argc, char **argv)
{
	struct request r = {0};
	struct igvm_file f;
	struct blob in;
	int code;

	if (!parse(&r, argc, argv)) {
		igvm_fail("usage: keelson igvm id-block FILE --id-key PEM [--author-key PEM] "
			  "[--svn N] "
			  "[--family-id HEX] [--image-id HEX] -o FILE");
		return IGVM_EXIT_USAGE;
	}
	if (!blob_read(r.path, &in))
		return IGVM_EXIT_HOST;
	code = igvm_open_blob(&f, &in, r.path) ? sign(&r, &f, &in) : IGVM_EXIT_BAD_FILE;
	blob_free(&in);
	return code;
}
