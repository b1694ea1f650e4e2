/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the image did at its very start, for the tests to judge. */
#include "bare/lib/vtpm.h"

struct firmware_answer {
	struct tpm_message command, response;
	uint32_t code;
};

extern struct firmware {
	bool two;  /* there is a second vCPU */
	bool back; /* and it came back */
	struct firmware_answer first, second;
} firmware;
