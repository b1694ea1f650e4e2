/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Selecting and reading PCRs. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/pcr.h"

TPML_PCR_SELECTION pcr_select(TPMI_ALG_HASH bank, uint32_t mask)
{
	return (TPML_PCR_SELECTION){
		.count = 1,
		.pcrSelections[0] = {.hash = bank,
				     .sizeofSelect = 3,
				     .pcrSelect = {mask & 0xff, mask >> 8 & 0xff, mask >> 16}}};
}

TPM2B_DIGEST pcr_read(TPMI_ALG_HASH bank, unsigned pcr)
{
	TPML_PCR_SELECTION in = pcr_select(bank, 1u << pcr), *out;
	TPM2B_DIGEST digest = {0};
	TPML_DIGEST *values;
	UINT32 counter;

	OK(Esys_PCR_Read(tss, NO_SESSION, &in, &counter, &out, &values));
	if (values->count == 1)
		digest = values->digests[0];
	return digest;
}

TPML_DIGEST_VALUES pcr_digests(TPMI_ALG_HASH bank, const TPM2B_DIGEST *digest)
{
	TPML_DIGEST_VALUES values = {.count = 1, .digests[0].hashAlg = bank};

	memcpy(&values.digests[0].digest, digest->buffer, digest->size);
	return values;
}

/*
 * The digest of the selected SHA-256 PCRs in ascending order, as TPM2_Quote and PolicyPCR have it.
 */
TPM2B_DIGEST pcr_composite(uint32_t mask)
{
	uint8_t bytes[24 * 32] = {0};
	size_t len = 0;

	for (unsigned pcr = 0; pcr < 24; pcr++)
		if (mask & 1u << pcr) {
			TPM2B_DIGEST one = pcr_read(TPM2_ALG_SHA256, pcr);

			REQUIRE(one.size == 32);
			memcpy(bytes + len, one.buffer, 32);
			len += 32;
		}
	return crypto_digest(TPM2_ALG_SHA256, bytes, len);
}
