/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Define, write, read. */
#include <string.h>

#include "tss/nv.h"

ESYS_TR nv_define(unsigned n, TPMA_NV attributes, uint16_t size, const char *auth,
		  const TPM2B_DIGEST *policy)
{
	TPM2B_NV_PUBLIC area = {.nvPublic = {.nvIndex = TSS_NV(n),
					     .nameAlg = TPM2_ALG_SHA256,
					     .attributes = attributes,
					     .dataSize = size}};
	TPM2B_AUTH value = {0};
	ESYS_TR index;

	if (auth)
		tss_auth(&value, auth);
	if (policy)
		area.nvPublic.authPolicy = *policy;
	OK(Esys_NV_DefineSpace(tss, ESYS_TR_RH_OWNER, PASSWORD, &value, &area, &index));
	return index;
}

void nv_write(ESYS_TR index, const void *data, uint16_t len, uint16_t offset)
{
	TPM2B_MAX_NV_BUFFER buffer = {.size = len};

	memcpy(buffer.buffer, data, len);
	OK(Esys_NV_Write(tss, index, index, PASSWORD, &buffer, offset));
}

TPM2B_MAX_NV_BUFFER nv_read(ESYS_TR index, uint16_t len, uint16_t offset)
{
	TPM2B_MAX_NV_BUFFER *data;

	OK(Esys_NV_Read(tss, index, index, PASSWORD, len, offset, &data));
	return *data;
}

/* A counter's or a bit field's value: 8 bytes, big endian. */
uint64_t nv_number(ESYS_TR index)
{
	TPM2B_MAX_NV_BUFFER data = nv_read(index, 8, 0);
	uint64_t number;

	REQUIRE(data.size == 8);
	memcpy(&number, data.buffer, 8);
	return __builtin_bswap64(number);
}
