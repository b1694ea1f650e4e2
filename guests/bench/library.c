/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The same TPM in this program: a call instead of a device. */
#include <cpuid.h>
#include <string.h>

#include "bench/way.h"
#include "services/vtpm/snapshot.h"
#include "services/vtpm/tpm.h"
#include "tools/external.h"
#include "tools/option.h"

static bool cold;

/* What the service has its kernel keep. */
static struct {
	uint8_t data[TPM_STATE_MAX];
	size_t len;
} stored;

static size_t load(void *to, size_t room)
{
	size_t len = MIN(stored.len, room);

	memcpy(to, stored.data, len);
	return len;
}

static bool store(const void *from, size_t len)
{
	if (len > sizeof(stored.data))
		return false;
	memcpy(stored.data, from, len);
	stored.len = len;
	return true;
}

bool library_start(const void *snapshot, uint32_t len)
{
	static const struct tpm_nvram nvram = {load, store};
	bool alive;

	cold = option_number("bench.cold", 0);
	if (tpm_power_on(&nvram) && snapshot_restore(snapshot, len, &alive))
		return true;
	external_fail(EXTERNAL_HERE, "libtpms does not go on from the SVSM's snapshot");
	return false;
}

/*
 * Two exits, as many as a call to the SVSM has at least. Under TCG each empties the TLB, so a
 * command behind them meets the machine as the service does; on hardware CPUID costs little else.
 */
static void start_cold(void)
{
	unsigned eax, ebx, ecx, edx;

	for (unsigned i = 0; i < 2; i++)
		__cpuid(0, eax, ebx, ecx, edx);
}

static uint32_t library_send(const struct message *command, uint8_t response[WAY_RESPONSE_MAX])
{
	struct message copy = *command; /* libtpms writes into it */
	uint32_t len;

	if (cold)
		start_cold();
	len = tpm_command(0, copy.data, copy.len, response, WAY_RESPONSE_MAX);
	if (!len)
		external_fail(EXTERNAL_HERE, "libtpms gave no response");
	return len;
}

const struct way way_library = {"library", library_send};
