/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* One certificate of the chain, in the form of AMD's: X.509 v3, RSA-PSS with SHA-384. */
#include <openssl/x509.h>

#include "harness/core/psp_config.h"

/* ark: its own issuer. A NULL ca makes the ARK, signed by its own key; else the ASK, signed by
 * key, which is ca's. All return NULL when libcrypto fails. */
X509 *certificate_ca(const char *product, EVP_PKEY *subject, X509 *ca, EVP_PKEY *key);
/* The VCEK's, which names product, TCB and chip. */
X509 *certificate_vcek(const struct psp_config *c, EVP_PKEY *subject, X509 *ask, EVP_PKEY *key);
