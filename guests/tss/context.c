/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The way to the TPM: one TCTI, one ESYS context, and raw bytes past it. */
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tctildr.h>

#include "tss/tss.h"

ESYS_CONTEXT *tss;
static TSS2_TCTI_CONTEXT *tcti;

/*
 * TSS_TCTI may name another TPM than the guest's. The library's own log is off, because tests ask
 * for failures.
 */
void tss_open(void)
{
	const char *name = getenv("TSS_TCTI");

	setenv("TSS2_LOG", "all+NONE", 0);
	OK(Tss2_TctiLdr_Initialize(name ? name : "device:/dev/tpm0", &tcti));
	OK(Esys_Initialize(&tss, tcti, NULL));
}

/*
 * Bytes that ESYS would not send, to see what the TPM answers to a bad command. Returns the
 * response code.
 */
TSS2_RC tss_raw(const void *command, size_t command_len, uint8_t *response, size_t *len)
{
	uint32_t code;

	OK(Tss2_Tcti_Transmit(tcti, command_len, command));
	OK(Tss2_Tcti_Receive(tcti, len, response, TSS2_TCTI_TIMEOUT_BLOCK));
	REQUIRE(*len >= 10);
	memcpy(&code, response + 6, sizeof(code));
	return __builtin_bswap32(code);
}

void tss_auth(TPM2B_AUTH *auth, const char *text)
{
	auth->size = strlen(text);
	memcpy(auth->buffer, text, auth->size);
}

/* The handles in use from `first` on, at most `max`. */
unsigned tss_handles(TPM2_HANDLE first, TPM2_HANDLE *handles, unsigned max)
{
	TPMS_CAPABILITY_DATA *data;
	TPMI_YES_NO more;
	unsigned count;

	OK(Esys_GetCapability(tss, NO_SESSION, TPM2_CAP_HANDLES, first, max, &more, &data));
	count = MIN(data->data.handles.count, max);
	memcpy(handles, data->data.handles.handle, count * sizeof(handles[0]));
	Esys_Free(data);
	return count;
}

/*
 * 0: the TPM does not have the property. It then answers with the next one, so the number is
 * compared.
 */
uint32_t tss_property(TPM2_PT property)
{
	TPMS_CAPABILITY_DATA *data;
	TPMI_YES_NO more;
	uint32_t value = 0;

	OK(Esys_GetCapability(tss, NO_SESSION, TPM2_CAP_TPM_PROPERTIES, property, 1, &more, &data));
	if (data->data.tpmProperties.count == 1 &&
	    data->data.tpmProperties.tpmProperty[0].property == property)
		value = data->data.tpmProperties.tpmProperty[0].value;
	Esys_Free(data);
	return value;
}
