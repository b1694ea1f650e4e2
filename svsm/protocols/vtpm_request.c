/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "protocols/vtpm_request.h"
#include "abi/svsm.h"
#include "lib/string.h"

/*
 * As a TPM has them; ours alone. What the field means between guest and SVSM is not agreed: COCONUT
 * refuses anything but 0, and 0 is what Linux's and EDK II's drivers send. Nothing checks who asks,
 * because all of the guest runs at one VMPL.
 */
#define LOCALITY_MAX 4

enum svsm_result vtpm_request_check(const struct vtpm_request *head)
{
	if (head->command != VTPM_CMD_SEND_COMMAND || head->locality > LOCALITY_MAX ||
	    head->len > VTPM_REQUEST_MAX)
		return SVSM_ERR_INVALID_PARAMETER;
	return SVSM_SUCCESS;
}

uint32_t vtpm_response_code(uint8_t out[sizeof(struct tpm_header)], uint32_t code)
{
	struct tpm_header h = {.tag = __builtin_bswap16(TPM_ST_NO_SESSIONS),
			       .size = __builtin_bswap32(sizeof(h)),
			       .code = __builtin_bswap32(code)};

	memcpy(out, &h, sizeof(h));
	return sizeof(h);
}
