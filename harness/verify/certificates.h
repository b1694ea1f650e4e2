/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Certificates as they come: in files of PEM or DER, or in a guest request's table. */
#include <openssl/x509.h>

#include "base/types.h"

#define CERTIFICATES_MAX 8

struct certificates {
	X509 *x[CERTIFICATES_MAX];
	unsigned n;
};

/* Adds those in a file's bytes. NULL, or what is wrong with it in words. */
const char *certificates_add(struct certificates *c, const uint8_t *bytes, size_t n);
void certificates_free(struct certificates *c);

/* The first whose common name is that; NULL: there is none. */
X509 *certificates_named(const struct certificates *c, const char *common);
/* The subject's common name, "" where it has none or more than fits. */
void certificates_common(const X509 *x, char *name, size_t size);
