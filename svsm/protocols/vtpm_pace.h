/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * For how long may a TPM command keep the vCPU that asks? Portable, pure: times are in ns, since
 * whenever, and given by the caller.
 *
 * A command that takes longer than its slice is answered TPM_RC_RETRY, and the client sends it
 * again (an attempt). Clients that matter:
 *
 *   - Linux's tpm_transmit: 8 attempts with sleeps of 20, 40, 80, ... 1280 ms in between, then an
 *     error. In those 2.54 s the answer must be ready, or the last attempt has to wait for it.
 *   - our module: an attempt every 0.5 to 10 ms, for minutes.
 *
 * With a CPU that has no guest (helped), the work goes on there and attempts need no slice. Without
 * one it goes on in attempts only; a slice as long as the client has slept leaves the vCPU half of
 * the time.
 *
 *	slice              helped                            not helped
 *	first attempt      PACE_FIRST                        PACE_FIRST
 *	the next two       PACE_FIRST, and wait: an RSA      as below
 *	                   signature is done by then
 *	more               PACE_FIRST, only if no CPU        the time since the last attempt, within
 *	                   has taken the work                PACE_FIRST .. PACE_SHARE
 *	the first of a     PACE_BOOT, and wait               PACE_BOOT
 *	boot
 *	firmware's         PACE_FIRMWARE, and wait           PACE_FIRMWARE
 *	after a pause of   PACE_LAST, and wait               PACE_LAST
 *	PACE_GAP, and one
 *	of a third before
 */
#include "base/types.h"

#define PACE_MS    1000000ull
#define PACE_FIRST (10 * PACE_MS)
#define PACE_WAITS 2 /* attempts behind the first; each waits for PACE_FIRST at most */
#define PACE_SHARE (640 * PACE_MS)
#define PACE_GAP   (1200 * PACE_MS) /* Linux's last sleep, and no other, is longer */
#define PACE_LAST  (8000 * PACE_MS) /* Linux's lockup detectors take 10 s and more for a hang */
/* Firmware (EDK II) takes TPM_RC_RETRY for an error of the TPM and goes on without one. The TPM is
 * manufactured by then, or nearly: so long is for a host that is very busy. */
#define PACE_BOOT PACE_LAST
/* The guest's firmware never gets TPM_RC_RETRY: a call of it that takes longer ends as INCOMPLETE,
 * upon which it calls again at once (EDK II, OvmfPkg/Library/AmdSvsmLib). */
#define PACE_FIRMWARE (1000 * PACE_MS)
/* An answer waits this long for its client. Then another command may drop it. */
#define PACE_KEEP (1500 * PACE_MS)

struct vtpm_pace {
	uint64_t last;  /* the last attempt ended, or was under way */
	uint64_t pause; /* before it */
	bool helped;    /* a CPU without a guest was seen */
	uint8_t waited; /* attempts behind the first that waited, up to PACE_WAITS */
};

struct vtpm_slice {
	uint64_t ns;
	bool wait; /* for all of it, even if another CPU does the work */
};

/* The first attempt at a command. */
struct vtpm_slice vtpm_pace_first(struct vtpm_pace *p, uint64_t now, bool helped);
/* The same for the first command of a boot, of whose PACE_BOOT so many ns are left. */
struct vtpm_slice vtpm_pace_boot(struct vtpm_pace *p, uint64_t now, uint64_t left, bool helped);
/* Any attempt of firmware, of whose PACE_FIRMWARE so many ns are left. */
struct vtpm_slice vtpm_pace_firmware(struct vtpm_pace *p, uint64_t now, uint64_t left);
/* The same command again. */
struct vtpm_slice vtpm_pace_again(struct vtpm_pace *p, uint64_t now, bool helped);
/* An attempt goes on, or ends, with or without the answer. */
void vtpm_pace_seen(struct vtpm_pace *p, uint64_t now);
/* May the client still come for the answer? */
bool vtpm_pace_expected(const struct vtpm_pace *p, uint64_t now);
