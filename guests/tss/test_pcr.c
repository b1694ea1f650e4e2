/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* PCRs from locality 0, where the Linux driver is: part 3, section 22; PC Client profile, 4.6. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/pcr.h"

static const TPMI_ALG_HASH banks[] = {TPM2_ALG_SHA1, TPM2_ALG_SHA256, TPM2_ALG_SHA384,
				      TPM2_ALG_SHA512};

TSS_TEST(pcr_extend, "pcr-extend", "an extend gives H(old || digest) in each bank")
{
	for (unsigned i = 0; i < ARRAY_LEN(banks); i++) {
		TPM2B_DIGEST digest = crypto_digest(banks[i], "measured", 8), old, new, want;
		TPML_DIGEST_VALUES values = pcr_digests(banks[i], &digest);

		old = pcr_read(banks[i], PCR_DEBUG);
		CHECK_EQ(old.size, digest.size);
		OK(Esys_PCR_Extend(tss, ESYS_TR_PCR16, PASSWORD, &values));
		new = pcr_read(banks[i], PCR_DEBUG);
		want = crypto_digest2(banks[i], old.buffer, old.size, digest.buffer, digest.size);
		SAME(&new, &want);
	}
}

TSS_TEST(pcr_event, "pcr-event", "an event is hashed for every bank and extended")
{
	TPM2B_EVENT event = {.size = 1000};
	TPML_DIGEST_VALUES *values;
	TPM2B_DIGEST old[ARRAY_LEN(banks)];

	crypto_random(event.buffer, event.size);
	for (unsigned i = 0; i < ARRAY_LEN(banks); i++)
		old[i] = pcr_read(banks[i], PCR_APPLICATION);
	OK(Esys_PCR_Event(tss, ESYS_TR_PCR23, PASSWORD, &event, &values));
	CHECK_EQ(values->count, ARRAY_LEN(banks));
	for (unsigned i = 0; i < ARRAY_LEN(banks); i++) {
		TPM2B_DIGEST d = crypto_digest(banks[i], event.buffer, event.size), want, new;

		SAME_BYTES(&values->digests[i].digest, d.size, d.buffer, d.size);
		want = crypto_digest2(banks[i], old[i].buffer, d.size, d.buffer, d.size);
		new = pcr_read(banks[i], PCR_APPLICATION);
		SAME(&new, &want);
	}
}

TSS_TEST(pcr_counter, "pcr-counter", "the update counter counts extends")
{
	TPML_PCR_SELECTION in = pcr_select(TPM2_ALG_SHA256, 1), *out;
	TPM2B_DIGEST digest = crypto_digest(TPM2_ALG_SHA256, "x", 1);
	TPML_DIGEST_VALUES values = pcr_digests(TPM2_ALG_SHA256, &digest);
	UINT32 before, after;
	TPML_DIGEST *read;

	OK(Esys_PCR_Read(tss, NO_SESSION, &in, &before, &out, &read));
	OK(Esys_PCR_Extend(tss, ESYS_TR_PCR15, PASSWORD, &values));
	OK(Esys_PCR_Read(tss, NO_SESSION, &in, &after, &out, &read));
	CHECK_EQ(after, before + 1);
}

TSS_TEST(pcr_reset, "pcr-reset", "locality 0 may reset PCRs 16 and 23, and no other")
{
	static const uint8_t zero[32];
	TPM2B_DIGEST digest = crypto_digest(TPM2_ALG_SHA256, "y", 1), value;
	TPML_DIGEST_VALUES values = pcr_digests(TPM2_ALG_SHA256, &digest);

	for (ESYS_TR pcr = 0; pcr < 24; pcr++) {
		if (pcr != PCR_DEBUG && pcr != PCR_APPLICATION) {
			FAILS(Esys_PCR_Reset(tss, pcr, PASSWORD), TPM2_RC_LOCALITY);
			continue;
		}
		OK(Esys_PCR_Extend(tss, pcr, PASSWORD, &values));
		OK(Esys_PCR_Reset(tss, pcr, PASSWORD));
		value = pcr_read(TPM2_ALG_SHA256, pcr);
		SAME_BYTES(value.buffer, value.size, zero, sizeof(zero));
	}
}

TSS_TEST(pcr_locality, "pcr-extend-locality", "locality 0 may extend 0 to 16 and 23, not 17 to 22")
{
	TPM2B_DIGEST digest = crypto_digest(TPM2_ALG_SHA256, "z", 1), before, after;
	TPML_DIGEST_VALUES values = pcr_digests(TPM2_ALG_SHA256, &digest);

	for (ESYS_TR pcr = 0; pcr < 24; pcr++) {
		before = pcr_read(TPM2_ALG_SHA256, pcr);
		if (pcr < 17 || pcr > 22) {
			OK(Esys_PCR_Extend(tss, pcr, PASSWORD, &values));
			continue;
		}
		FAILS(Esys_PCR_Extend(tss, pcr, PASSWORD, &values), TPM2_RC_LOCALITY);
		after = pcr_read(TPM2_ALG_SHA256, pcr);
		SAME(&after, &before);
	}
}

TSS_TEST(pcr_drtm, "pcr-dynamic-initial", "PCRs 17 to 22 hold all ones: no dynamic launch was made")
{
	TPM2B_DIGEST value;

	for (unsigned pcr = 17; pcr < 23; pcr++) {
		uint8_t ones[32];

		memset(ones, 0xff, sizeof(ones));
		value = pcr_read(TPM2_ALG_SHA256, pcr);
		SAME_BYTES(value.buffer, value.size, ones, sizeof(ones));
	}
}

TSS_TEST(pcr_many, "pcr-read-many", "a read of all registers gives the first eight and says so")
{
	TPML_PCR_SELECTION in = pcr_select(TPM2_ALG_SHA256, 0xffffff), *out;
	TPML_DIGEST *values;
	UINT32 counter;

	OK(Esys_PCR_Read(tss, NO_SESSION, &in, &counter, &out, &values));
	CHECK_EQ(values->count, 8);
	CHECK_EQ(out->pcrSelections[0].pcrSelect[0], 0xff);
	CHECK_EQ(out->pcrSelections[0].pcrSelect[1], 0);
	for (unsigned i = 0; i < values->count; i++) {
		TPM2B_DIGEST one = pcr_read(TPM2_ALG_SHA256, i);

		SAME(&values->digests[i], &one);
	}
}

TSS_TEST(pcr_wrong, "pcr-refused", "a register or bank that is not there")
{
	TPM2B_DIGEST digest = crypto_digest(TPM2_ALG_SHA256, "z", 1);
	TPML_DIGEST_VALUES values = pcr_digests(TPM2_ALG_SHA256, &digest);
	TPML_PCR_SELECTION in = pcr_select(TPM2_ALG_AES, 1), *out;
	TPML_DIGEST *read;
	UINT32 counter;

	FAILS(Esys_PCR_Extend(tss, ESYS_TR_PCR24, PASSWORD, &values), RC_H(TPM2_RC_VALUE, 1));
	FAILS(Esys_PCR_Read(tss, NO_SESSION, &in, &counter, &out, &read), RC_P(TPM2_RC_HASH, 1));
}
