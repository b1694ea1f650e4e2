/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a verification is given: what came from a stranger, and what is wanted of it. */
#include <time.h>

#include "harness/verify/certificates.h"

struct bytes {
	uint8_t *p; /* NULL: not given */
	size_t n;
};

#define VERIFY_TCB_PARTS 5
#define VERIFY_PCRS      24

/* --pcr: what the quote has to be of. */
struct wanted_pcrs {
	const char *bank; /* NULL: none were named */
	uint32_t mask;
	struct bytes value[VERIFY_PCRS];
};

/* --kept-least: an older state than that of this epoch and counter is none. */
struct kept_least {
	bool given;
	uint64_t epoch, counter;
};

/* What the one who relies on the report wants of it. What is not given is not judged. */
struct wanted {
	bool allow_debug, allow_migration;
	bool has_vmpl, has_policy, has_svn;
	uint32_t vmpl, svn; /* svn: at least */
	uint64_t policy;    /* exactly */
	struct bytes measurement, report_data, host_data, chip_id, report_id;
	struct bytes family_id, image_id, id_key_digest, author_key_digest;
	unsigned tcb[VERIFY_TCB_PARTS]; /* at least, in the order of TCB_VERSION's bytes */
	unsigned tcb_parts;             /* 4, with FMC 5; 0: not given */
	struct bytes nonce, manifest;
	struct bytes quote, quote_signature, quote_nonce;
	struct wanted_pcrs pcrs;
	struct kept_least kept_least;
};

struct evidence {
	struct bytes report;
	struct certificates chain; /* those that came with the report */
	struct certificates root; /* what the one who relies on it trusts: one, or none was given */
	time_t now;
};
