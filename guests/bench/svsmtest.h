/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The test builds' protocol (abi/vtpm.h, SVSM_PROTO_TEST) by /dev/keelson-svsm. */
#include "abi/vtpm.h"

struct keelson_repeat;

struct svsmtest_stats {
	uint64_t calls, retries;
	uint64_t longest_ns; /* of one COMMAND call */
	uint64_t restarts;
};

bool svsmtest_open(void);
/* One call many times, without leaving the kernel (module/keelson_ioctl.h). */
bool svsmtest_repeat(struct keelson_repeat *r);
/* The vTPM's whole state, as the SVSM's service has it now; its length, 0 on failure. */
uint32_t svsmtest_snapshot(uint8_t *to, uint32_t room);
/* The TPM goes on from that state. */
bool svsmtest_restore(const uint8_t *from, uint32_t len);
bool svsmtest_stats(struct svsmtest_stats *stats);
