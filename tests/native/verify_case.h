/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Evidence for the verifier of attestation reports: a chain and a report that are good, and knobs
 * for what is not. It shares no code with the harness's security processor.
 */
#include "abi/guest_message.h"
#include "harness/verify/verify.h"

struct verify_case {
	/* What certificates say; strings may be changed before verify_case_sign(). */
	const char *root_name, *middle_name, *leaf_name, *product;
	bool vlek;
	uint8_t leaf_tcb[8], hwid[64];
	size_t hwid_size;
	bool hwid_octets;   /* HWID as an OCTET STRING */
	bool fmc;           /* it says which FMC it is for: 1 */
	bool twice;         /* the boot loader's version comes twice */
	bool with_csp;      /* a VCEK that has a CSP_ID too */
	bool not_ca;        /* the middle one is no authority */
	bool no_usage;      /* the ASK's certificate does not say what its key is for */
	bool wrong_padding; /* the leaf is signed by PKCS #1 1.5 */
	bool foreign_leaf;  /* the leaf is signed by another key than the ASK's */
	long valid_for;     /* seconds, of the leaf, from an hour ago on */
	struct attestation_report report;

	/* What comes of it. */
	struct evidence evidence;
	struct wanted wanted;
	struct verdict verdict;
};

/* A good Genoa of version 3, unsigned as yet. */
void verify_case_begin(struct verify_case *c);
/* Makes the certificates, and signs the report. */
void verify_case_sign(struct verify_case *c);
/* The check that refuses, "" for none. */
const char *verify_case_refused_by(struct verify_case *c);
void verify_case_end(struct verify_case *c);
/* Another root of the same name, to be freed. */
X509 *verify_case_other_root(void);
