/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* One certificate of the chain, in the form of AMD's: X.509 v3, RSA-PSS with SHA-384. */
#include <openssl/x509.h>

#include "harness/psp/endorsement_key.h"

enum certificate_authority {
	CERTIFICATE_ARK,
	CERTIFICATE_ASK,  /* above VCEKs */
	CERTIFICATE_ASVK, /* above VLEKs */
};

/* key signs, which is ca's; of the ARK, where ca is NULL, its own. All return NULL when libcrypto
 * fails. */
X509 *certificate_ca(const char *product, enum certificate_authority which, EVP_PKEY *subject,
		     X509 *ca, EVP_PKEY *key);
/* The VCEK's, which names product, TCB and chip; or the VLEK's, which names the cloud instead. */
X509 *certificate_endorsement(const struct psp_config *c, enum endorsement which, EVP_PKEY *subject,
			      X509 *issuer, EVP_PKEY *key);
