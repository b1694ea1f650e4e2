/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The test chain: ARK and ASK or ASVK, RSA keys of 4096 bits that sign by RSA-PSS with SHA-384, and
 * VCEK or VLEK on P-384, named as AMD's are so that verifiers take them, with roots of their own.
 * The authorities' keys are made once and kept in a folder, chain_folder(); nobody but its owner
 * can read the private ones. VCEK and VLEK come from chip, cloud and TCB, and their certificates
 * are made for each processor.
 */
#include "harness/psp/endorsement_key.h"

struct psp_chain;

/* build/psp, or psp beside the run folders of an installed keelson (malloc'ed). */
char *chain_folder(void);
/* Opens the chain of that folder, or makes it, which takes some seconds: chain_store_there() tells.
 * NULL, and *why is set (malloc'ed). */
struct psp_chain *chain_open(const char *folder, const struct psp_config *c, char **why);
void chain_close(struct psp_chain *chain); /* NULL too */

/* ECDSA with SHA-384 over n bytes: r and s, little-endian. The VLEK must be installed. */
bool chain_sign(const struct psp_chain *chain, enum endorsement by, const void *data, size_t n,
		uint8_t r[72], uint8_t s[72]);
/* What derived keys come from. */
const uint8_t *chain_root(const struct psp_chain *chain, enum endorsement of);
/* Certificates as DER, which belong to the chain. With a VLEK they are its own and the ASVK's. */
enum chain_certificate {
	CHAIN_ENDORSEMENT,
	CHAIN_ISSUER,
	CHAIN_ARK,
	CHAIN_CERTIFICATES
};
const uint8_t *chain_der(const struct psp_chain *chain, enum chain_certificate which, size_t *size);
