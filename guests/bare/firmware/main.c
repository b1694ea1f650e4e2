/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The suite vtpm-firmware: a guest that uses the TPM as firmware does. EDK II sends
 * TPM2_Startup(CLEAR) as soon as it can, once, and takes any other answer than TPM_RC_SUCCESS for a
 * TPM that does not work (SecurityPkg, Tcg2Pei). So this is what the image does before anything
 * else, even before it greets the harness; the tests look at what came of it. With a second vCPU
 * that one sends a command at the same time.
 */
#include "bare/firmware/firmware.h"
#include "bare/lib/bare.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"

struct firmware firmware;

/* A command of twelve bytes, each of which is sent once. */
static void send(struct firmware_answer *a, const char *text)
{
	tpm_build(&a->command, text);
	a->code = vtpm_once(0, &a->command, &a->response);
}

static void second(void *arg)
{
	(void)arg;
	send(&firmware.second, "0000017b 0008"); /* TPM2_GetRandom(8) */
}

void bare_main(void)
{
	firmware.two = smp_available();
	if (firmware.two) {
		smp_start();
		smp_run(second, NULL);
	}
	send(&firmware.first, "00000144 0000"); /* TPM2_Startup(TPM_SU_CLEAR) */
	firmware.back = !firmware.two || smp_wait(60);
	if (firmware.two)
		smp_stop();
	test_main("vtpm-firmware");
}
