/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* NV indices of every type: part 3, section 31; part 1, section 37. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/nv.h"

TSS_TEST(nv_ordinary, "nv-ordinary", "2048 bytes written in pieces are read in other pieces")
{
	ESYS_TR index = nv_define(0, NV_PLAIN, 2048, "nv", NULL);
	TPM2B_MAX_NV_BUFFER read;
	uint8_t data[2048];

	crypto_random(data, sizeof(data));
	nv_write(index, data, 1024, 0);
	nv_write(index, data + 1024, 1000, 1024);
	nv_write(index, data + 2024, 24, 2024);
	for (unsigned at = 0; at < 2048; at += 512) {
		read = nv_read(index, 512, at);
		SAME_BYTES(read.buffer, read.size, data + at, 512);
	}
}

TSS_TEST(nv_public, "nv-public", "an index's public area and name; WRITTEN changes the name")
{
	ESYS_TR index = nv_define(0, NV_PLAIN, 8, NULL, NULL);
	TPM2B_NV_PUBLIC *public;
	TPM2B_NAME *before, *after;
	uint8_t bytes[sizeof(TPMS_NV_PUBLIC)];
	TPM2B_DIGEST digest;
	size_t len = 0;

	OK(Esys_NV_ReadPublic(tss, index, NO_SESSION, &public, &before));
	CHECK(!(public->nvPublic.attributes & TPMA_NV_WRITTEN));
	nv_write(index, "12345678", 8, 0);
	OK(Esys_NV_ReadPublic(tss, index, NO_SESSION, &public, &after));
	CHECK(public->nvPublic.attributes & TPMA_NV_WRITTEN);
	CHECK_EQ(public->nvPublic.nvIndex, TSS_NV(0));
	CHECK(memcmp(before->name, after->name, after->size) != 0);
	OK(Tss2_MU_TPMS_NV_PUBLIC_Marshal(&public->nvPublic, bytes, sizeof(bytes), &len));
	digest = crypto_digest(TPM2_ALG_SHA256, bytes, len);
	SAME_BYTES(after->name + 2, after->size - 2, digest.buffer, digest.size);
}

TSS_TEST(nv_counter, "nv-counter", "a counter counts up, and never goes back when defined anew")
{
	const TPMA_NV attributes = NV_PLAIN | NV_TYPE(TPM2_NT_COUNTER);
	ESYS_TR index = nv_define(1, attributes, 8, NULL, NULL);
	uint64_t first, last;

	OK(Esys_NV_Increment(tss, index, index, PASSWORD));
	first = nv_number(index);
	for (int i = 0; i < 20; i++)
		OK(Esys_NV_Increment(tss, index, index, PASSWORD));
	last = nv_number(index);
	CHECK_EQ(last, first + 20);
	OK(Esys_NV_UndefineSpace(tss, ESYS_TR_RH_OWNER, index, PASSWORD));
	index = nv_define(1, attributes, 8, NULL, NULL);
	OK(Esys_NV_Increment(tss, index, index, PASSWORD));
	CHECK(nv_number(index) > last);
}

TSS_TEST(nv_bits, "nv-bits", "bits are set, and only set")
{
	ESYS_TR index = nv_define(2, NV_PLAIN | NV_TYPE(TPM2_NT_BITS), 8, NULL, NULL);

	OK(Esys_NV_SetBits(tss, index, index, PASSWORD, 0));
	CHECK_EQ(nv_number(index), 0);
	OK(Esys_NV_SetBits(tss, index, index, PASSWORD, 0x8000000000000001));
	OK(Esys_NV_SetBits(tss, index, index, PASSWORD, 0x10));
	CHECK_EQ(nv_number(index), 0x8000000000000011);
}

TSS_TEST(nv_extend, "nv-extend", "an extend index holds H(old || data), from zero on")
{
	ESYS_TR index = nv_define(3, NV_PLAIN | NV_TYPE(TPM2_NT_EXTEND), 32, NULL, NULL);
	TPM2B_MAX_NV_BUFFER data = {.size = 100}, read;
	TPM2B_DIGEST want = {.size = 32};

	crypto_random(data.buffer, data.size);
	for (int i = 0; i < 3; i++) {
		OK(Esys_NV_Extend(tss, index, index, PASSWORD, &data));
		want = crypto_digest2(TPM2_ALG_SHA256, want.buffer, 32, data.buffer, data.size);
		read = nv_read(index, 32, 0);
		SAME(&read, &want);
	}
}

TSS_TEST(nv_type, "nv-wrong-type", "each type refuses the other types' commands")
{
	ESYS_TR plain = nv_define(0, NV_PLAIN, 8, NULL, NULL);
	ESYS_TR counter = nv_define(1, NV_PLAIN | NV_TYPE(TPM2_NT_COUNTER), 8, NULL, NULL);
	TPM2B_MAX_NV_BUFFER data = {.size = 8};

	FAILS(Esys_NV_Increment(tss, plain, plain, PASSWORD), RC_H(TPM2_RC_ATTRIBUTES, 2));
	FAILS(Esys_NV_SetBits(tss, plain, plain, PASSWORD, 1), RC_H(TPM2_RC_ATTRIBUTES, 2));
	FAILS(Esys_NV_Extend(tss, plain, plain, PASSWORD, &data), RC_H(TPM2_RC_ATTRIBUTES, 2));
	FAILS(Esys_NV_Write(tss, counter, counter, PASSWORD, &data, 0), TPM2_RC_ATTRIBUTES);
}

TSS_TEST(nv_bad, "nv-refused", "unwritten, out of range, wrong password, defined twice")
{
	ESYS_TR index = nv_define(0, NV_PLAIN, 16, "nv", NULL);
	TPM2B_NV_PUBLIC *public;
	TPM2B_MAX_NV_BUFFER data = {.size = 16}, *out;
	TPM2B_AUTH auth;
	TPM2B_NAME *name;
	ESYS_TR twice;

	FAILS(Esys_NV_Read(tss, index, index, PASSWORD, 16, 0, &out), TPM2_RC_NV_UNINITIALIZED);
	FAILS(Esys_NV_Write(tss, index, index, PASSWORD, &data, 1), TPM2_RC_NV_RANGE);
	OK(Esys_NV_Write(tss, index, index, PASSWORD, &data, 0));
	FAILS(Esys_NV_Read(tss, index, index, PASSWORD, 17, 0, &out), TPM2_RC_NV_RANGE);
	FAILS(Esys_NV_Read(tss, index, index, PASSWORD, 1, 17, &out), RC_P(TPM2_RC_VALUE, 2));
	tss_auth(&auth, "no");
	OK(Esys_TR_SetAuth(tss, index, &auth));
	FAILS(Esys_NV_Read(tss, index, index, PASSWORD, 16, 0, &out), RC_S(TPM2_RC_BAD_AUTH, 1));
	OK(Esys_NV_ReadPublic(tss, index, NO_SESSION, &public, &name));
	FAILS(Esys_NV_DefineSpace(tss, ESYS_TR_RH_OWNER, PASSWORD, &auth, public, &twice),
	      RC_P(TPM2_RC_ATTRIBUTES, 2)); /* WRITTEN may not be asked for */
	public->nvPublic.attributes &= ~TPMA_NV_WRITTEN;
	FAILS(Esys_NV_DefineSpace(tss, ESYS_TR_RH_OWNER, PASSWORD, &auth, public, &twice),
	      TPM2_RC_NV_DEFINED);
}
