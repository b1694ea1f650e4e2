/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The checks of a report, one idea each. They return whether to go on, and tell what they found.
 * Those above read bytes that nobody has signed yet; from report_signed() on the report is AMD's
 * word, or that of whoever owns the root.
 */
#include "abi/guest_message.h"
#include "harness/verify/evidence.h"
#include "harness/verify/verdict.h"

/* What of a chain the checks of the report need. */
struct signer {
	const char *product; /* of the root: "Genoa" */
	bool turin;          /* TCB_VERSION has FMC in front, and a chip's ID has 8 bytes */
	bool vlek;
	X509 *leaf;       /* in the evidence's chain, so not to be freed */
	uint8_t tcb[8];   /* that the leaf's key is for, as TCB_VERSION */
	uint8_t hwid[64]; /* VCEK */
};

/* Size, version, reserved bytes, algorithm. The report is copied to *r. */
bool report_form(const struct evidence *e, struct attestation_report *r, struct verdict *v);
/* Names, dates, keys and signatures from the root to the VCEK or VLEK that signs r's like. */
bool chain_checked(const struct evidence *e, const struct attestation_report *r, struct signer *s,
		   struct verdict *v);
/* AMD's extensions of the leaf, to *s. */
bool leaf_read(struct signer *s, struct verdict *v);
/* The leaf's TCB, chip and product are the report's. */
bool leaf_fits(const struct signer *s, const struct attestation_report *r, struct verdict *v);
bool report_signed(const struct signer *s, const struct attestation_report *r, struct verdict *v);
bool policy_allowed(const struct wanted *w, const struct attestation_report *r, struct verdict *v);
bool vmpl_wanted(const struct wanted *w, const struct attestation_report *r, struct verdict *v);
bool tcb_wanted(const struct wanted *w, const struct signer *s, const struct attestation_report *r,
		struct verdict *v);
/* Fields that have to be what was given, byte by byte. */
bool fields_wanted(const struct wanted *w, const struct signer *s,
		   const struct attestation_report *r, struct verdict *v);
/* REPORT_DATA: of a nonce and a manifest, or given as it is. */
bool data_bound(const struct wanted *w, const struct attestation_report *r, struct verdict *v);
/* The manifest's word on the TPM's kept state; with kept_least, that it is not older. */
struct manifest;
bool kept_wanted(const struct wanted *w, const struct manifest *m, struct verdict *v);
/* The manifest is one, and the quote is signed by a key in it. */
bool manifest_checked(const struct wanted *w, struct verdict *v);
