/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * libtpms, driven by callbacks: power, one command, the whole state. It makes no service calls and
 * keeps no file, so that unit tests and fuzzers drive the same code on the host. One TPM per
 * program, because libtpms has only one.
 */
#include <libtpms/tpm_error.h>
#include <libtpms/tpm_library.h>
#include <libtpms/tpm_nvfilename.h>
#include <stdlib.h>
#include <string.h>
#include "services/vtpm/tpm.h"

static const struct tpm_nvram *nvram;
static bool store_off;
static uint8_t locality_now;

static TPM_RESULT no_init(void)
{
	return TPM_SUCCESS;
}

/* libtpms asks for "permall" and "volatilestate". Only the first is kept. */
static bool is_permanent(const char *name)
{
	return strcmp(name, TPM_PERMANENT_ALL_NAME) == 0;
}

/* The blob is allocated here and freed by libtpms. */
static TPM_RESULT load_data(unsigned char **data, uint32_t *length, uint32_t tpm, const char *name)
{
	uint8_t *blob;
	size_t len;

	(void)tpm;
	if (!is_permanent(name))
		return TPM_RETRY; /* libtpms's code for "there is none" */
	blob = malloc(TPM_STATE_MAX);
	if (!blob)
		return TPM_FAIL;
	len = nvram->load(blob, TPM_STATE_MAX);
	if (!len) {
		free(blob);
		return TPM_RETRY;
	}
	*data = blob;
	*length = (uint32_t)len;
	return TPM_SUCCESS;
}

static TPM_RESULT store_data(const unsigned char *data, uint32_t length, uint32_t tpm,
			     const char *name)
{
	(void)tpm;
	if (!is_permanent(name) || store_off)
		return TPM_SUCCESS;
	return nvram->store(data, length) ? TPM_SUCCESS : TPM_FAIL;
}

static TPM_RESULT delete_name(uint32_t tpm, const char *name, TPM_BOOL must_exist)
{
	(void)tpm;
	(void)name;
	return must_exist ? TPM_FAIL : TPM_SUCCESS;
}

static TPM_RESULT get_locality(TPM_MODIFIER_INDICATOR *locality, uint32_t tpm)
{
	(void)tpm;
	*locality = locality_now;
	return TPM_SUCCESS;
}

static TPM_RESULT get_presence(TPM_BOOL *presence, uint32_t tpm)
{
	(void)tpm;
	*presence = FALSE; /* there is no key to press on a confidential VM */
	return TPM_SUCCESS;
}

/* The TPM is off when this fails. */
static bool power(void)
{
	locality_now = 0;
	if (TPMLIB_MainInit() == TPM_SUCCESS)
		return true;
	TPMLIB_Terminate();
	return false;
}

/* Once per program, first of all. libtpms is told that no message may be longer than what a page
 * of the guest holds. */
bool tpm_power_on(const struct tpm_nvram *nv)
{
	struct libtpms_callbacks callbacks = {
		.sizeOfStruct = sizeof(callbacks),
		.tpm_nvram_init = no_init,
		.tpm_nvram_loaddata = load_data,
		.tpm_nvram_storedata = store_data,
		.tpm_nvram_deletename = delete_name,
		.tpm_io_init = no_init,
		.tpm_io_getlocality = get_locality,
		.tpm_io_getphysicalpresence = get_presence,
	};

	nvram = nv;
	if (TPMLIB_ChooseTPMVersion(TPMLIB_TPM_VERSION_2) != TPM_SUCCESS ||
	    TPMLIB_RegisterCallbacks(&callbacks) != TPM_SUCCESS)
		return false;
	TPMLIB_SetBufferSize(TPM_BUFFER_MAX, NULL, NULL);
	return power();
}

void tpm_power_off(void)
{
	TPMLIB_Terminate();
}

bool tpm_power_cycle(void)
{
	TPMLIB_Terminate();
	return power();
}

uint32_t tpm_command(uint8_t locality, uint8_t *in, uint32_t len, void *out, uint32_t room)
{
	static unsigned char *response; /* allocated by libtpms, once */
	static uint32_t response_room;
	uint32_t response_len = 0;
	TPM_RESULT r;

	locality_now = locality;
	r = TPMLIB_Process(&response, &response_len, &response_room, in, len);
	locality_now = 0;
	if (r != TPM_SUCCESS || response_len > room)
		return 0;
	memcpy(out, response, response_len);
	return response_len;
}

/* All of it or nothing: on failure what was taken is freed. */
bool tpm_image_take(struct tpm_image *image)
{
	*image = (struct tpm_image){0};
	if (TPMLIB_GetState(TPMLIB_STATE_PERMANENT, &image->permanent, &image->permanent_len) ==
		    TPM_SUCCESS &&
	    TPMLIB_GetState(TPMLIB_STATE_VOLATILE, &image->transient, &image->transient_len) ==
		    TPM_SUCCESS)
		return true;
	tpm_image_free(image);
	return false;
}

void tpm_image_free(struct tpm_image *image)
{
	free(image->permanent);
	free(image->transient);
	*image = (struct tpm_image){0};
}

bool tpm_image_run(const struct tpm_image *image)
{
	TPMLIB_Terminate();
	if (TPMLIB_SetState(TPMLIB_STATE_PERMANENT, image->permanent, image->permanent_len) !=
		    TPM_SUCCESS ||
	    TPMLIB_SetState(TPMLIB_STATE_VOLATILE, image->transient, image->transient_len) !=
		    TPM_SUCCESS)
		return false;
	return power(); /* libtpms stores the permanent part then */
}

void tpm_store_off(void)
{
	store_off = true;
}

void tpm_store_on(void)
{
	store_off = false;
}
