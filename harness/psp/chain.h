/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The test chain: ARK and ASK, RSA keys of 4096 bits that sign by RSA-PSS with SHA-384, and a VCEK
 * on P-384, named as AMD's are so that verifiers take them, with roots of their own. The keys are
 * made once and kept in a folder, chain_folder(); nobody but its owner can read the private ones.
 * The VCEK's certificate is made for each processor, since it names its chip and TCB.
 */
#include "harness/core/psp_config.h"

struct psp_chain;

/* build/psp, or psp beside the run folders of an installed keelson (malloc'ed). */
char *chain_folder(void);
/* Opens the chain of that folder, or makes it, which takes some seconds. NULL, and *why is set
 * (malloc'ed). */
struct psp_chain *chain_open(const char *folder, const struct psp_config *c, char **why);
void chain_close(struct psp_chain *chain); /* NULL too */

/* ECDSA with SHA-384 over n bytes by the VCEK: r and s, little-endian. */
bool chain_sign(const struct psp_chain *chain, const void *data, size_t n, uint8_t r[72],
		uint8_t s[72]);
const uint8_t *chain_secret(const struct psp_chain *chain);
/* Certificates as DER, which belong to the chain. */
enum chain_certificate {
	CHAIN_VCEK,
	CHAIN_ASK,
	CHAIN_ARK,
	CHAIN_CERTIFICATES
};
const uint8_t *chain_der(const struct psp_chain *chain, enum chain_certificate which, size_t *size);
