/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * libFuzzer target: rows of TPM commands (guests/bare/vtpmfuzz/tpm_record.h) into the vTPM
 * service's TPM. The TPM goes back to the state after the seeds' setup every RESET_EVERY inputs;
 * what was sent since is in the file $FUZZ_HISTORY, itself an input, so a crash that needs more
 * than its last input can be replayed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/history.h"
#include "bare/vtpmfuzz/mutate.h"
#include "bare/vtpmfuzz/tpm_record.h"
#include "seeds.h"
#include "abi/vtpm.h"
#include "services/vtpm/tpm.h"

#define RESET_EVERY     256
#define COMMANDS_MAX    16 /* an input */
#define SLOW_MAX        2  /* commands that make RSA keys between two resets; more are left out */
#define TPM_ST_SESSIONS 0x8002

static uint8_t nv_data[TPM_STATE_MAX];
static size_t nv_len;
static struct tpm_image base;

static uint8_t response[TPM_BUFFER_MAX];
static uint32_t response_len;
static unsigned slow;

static size_t nv_load(void *to, size_t room)
{
	if (nv_len > room)
		return 0;
	memcpy(to, nv_data, nv_len);
	return nv_len;
}

static bool nv_store(const void *from, size_t len)
{
	if (len > sizeof(nv_data))
		return false;
	memcpy(nv_data, from, len);
	nv_len = len;
	return true;
}

static const struct tpm_nvram nvram = {nv_load, nv_store};

/* TPM 2.0 part 1, 18: what every response has in common. No command may put the TPM into failure
 * mode; where it may fail, check_alive() tells. */
static void check_response(bool may_fail)
{
	uint32_t tag = record_be16(response), code;

	FUZZ_CHECK(response_len >= sizeof(struct tpm_header));
	FUZZ_CHECK(record_be32(response + 2) == response_len);
	code = record_be32(response + 6);
	if (code == 0) {
		FUZZ_CHECK(tag == TPM_ST_NO_SESSIONS || tag == TPM_ST_SESSIONS);
		return;
	}
	FUZZ_CHECK(tag == TPM_ST_NO_SESSIONS);
	FUZZ_CHECK(response_len == sizeof(struct tpm_header));
	FUZZ_CHECK(code != TPM_RC_FAILURE || may_fail);
}

static uint32_t send(const struct record *r)
{
	static uint8_t composed[RECORD_MAX];
	uint32_t len = MIN(record_compose(r, response, response_len, composed), TPM_BUFFER_MAX);
	uint8_t *command;

	if (record_is_slow(composed, len) && slow++ >= SLOW_MAX)
		return 0;
	command = malloc(len ? len : 1); /* of its own, so that ASan guards its end */
	FUZZ_CHECK(command);
	memcpy(command, composed, len);
	response_len = tpm_command(r->locality, command, len, response, sizeof(response));
	free(command);
	check_response(record_may_fail(composed, len));
	return record_be32(response + 6);
}

static void send_all(const uint8_t *data, size_t size)
{
	struct record r;
	size_t at = 0;

	response_len = 0;
	for (unsigned n = 0; n < COMMANDS_MAX && record_next(data, size, &at, &r); n++)
		send(&r);
}

static void check_alive(void)
{
	static const uint8_t get_random[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};
	const struct record r = {.data = get_random, .len = sizeof(get_random)};

	FUZZ_CHECK(send(&r) == 0 && response_len == 20);
}

static void setup(void)
{
	struct record r;
	size_t at = 0;

	fuzz_fixed_random();
	FUZZ_CHECK(tpm_power_on(&nvram));
	while (record_next(seeds[0].data, seeds[0].size, &at, &r)) {
		uint32_t code = send(&r);

		FUZZ_CHECK(code == 0 || code == TPM_RC_RETRY);
	}
	FUZZ_CHECK(tpm_image_take(&base));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned inputs;

	if (!base.permanent)
		setup();
	if (inputs++ % RESET_EVERY == 0) {
		FUZZ_CHECK(tpm_image_run(&base));
		history_reset();
		slow = 0;
	}
	history_add(data, size);
	send_all(data, size);
	check_alive();
	return 0;
}
