/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The options of `keelson verify`: their names, what kind of value each takes, and what it means
 * for the request. request.c reads the command line by them.
 */
#include <getopt.h>

#include "harness/core/util.h"
#include "harness/verify/launch_digest.h"
#include "harness/verify/asked.h"

enum {
	OPT_CHAIN = 256,
	OPT_ROOT,
	OPT_IGVM,
	OPT_VCPUS,
	OPT_CPU_SIGNATURE,
	OPT_NATIVE_ZERO,
	OPT_MEASUREMENT,
	OPT_NONCE,
	OPT_MANIFEST,
	OPT_REPORT_DATA,
	OPT_QUOTE,
	OPT_QUOTE_SIGNATURE,
	OPT_QUOTE_NONCE,
	OPT_PCR,
	OPT_KEPT_LEAST,
	OPT_VMPL,
	OPT_POLICY,
	OPT_ALLOW_DEBUG,
	OPT_ALLOW_MIGRATION,
	OPT_TCB,
	OPT_SVN,
	OPT_CHIP_ID,
	OPT_HOST_DATA,
	OPT_REPORT_ID,
	OPT_FAMILY_ID,
	OPT_IMAGE_ID,
	OPT_ID_KEY_DIGEST,
	OPT_AUTHOR_KEY_DIGEST,
	OPT_AT,
	OPT_JSON,
	OPT_HELP,
};

extern const struct option option_table[];

/* Words that are looked at once all are known. */
struct words {
	struct strlist chain;
	const char *root, *igvm;
	struct launch_host host;
	enum request_error error;
};

/* The error, told on stderr; false. takes: what the option wants, in words. */
bool option_usage(struct words *k, const char *option, const char *takes, const char * not );
/* A file's bytes, instead of what was there. */
bool option_file(struct words *k, const char *path, struct bytes *out);

/* Where the value of an option of each kind goes; NULL, or 0: it is of another kind. */
struct bytes *option_names_file(struct wanted *w, int c);
/* Fields in hex, of least to most bytes. Where fewer than most will do, the rest is zero, as in
 * --psp. */
struct bytes *option_is_hex(struct wanted *w, int c, size_t *least, size_t *most);
bool *option_is_flag(struct request *q, struct words *k, int c);
uint64_t option_number_most(int c); /* the greatest number that it takes */

/* One option with its value in optarg; index: its line of the table. False: *k has the error. */
bool option_take(struct request *q, struct words *k, int c, int index);
/* Do all that were given go together? */
bool options_consistent(const struct request *q, struct words *k);
bool option_inconsistent(struct words *k, const char *why);
