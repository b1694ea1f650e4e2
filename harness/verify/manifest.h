/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A manifest of the SVSM's: the vTPM's own, version 0 or 1, or that of all services (abi/attest.h).
 * A stranger's bytes, until REPORT_DATA says that they are the SVSM's.
 */
#include "abi/attest.h"
#include "harness/verify/tpm_public.h"

#define MANIFEST_KEYS_MAX 32

enum manifest_form {
	MANIFEST_VTPM_0,
	MANIFEST_VTPM_1,
	MANIFEST_SERVICES, /* with the vTPM's of version 0 in it, or without */
};

struct manifest {
	enum manifest_form form;
	unsigned services; /* MANIFEST_SERVICES: how many it lists */
	struct tpm_public key[MANIFEST_KEYS_MAX];
	unsigned keys;
	bool has_kept; /* MANIFEST_SERVICES: a TPM's state is kept, and which */
	struct attest_kept kept;
};

/* NULL, or what is wrong with it in words. */
const char *manifest_read(struct blob bytes, struct manifest *m);
