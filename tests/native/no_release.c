/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* For tests of a launch that asks nobody for the keys of its TPM's state. */
#include "protocols/early_report.h"
#include "services/lib/release/release.h"

void attest_early_open(void)
{
}

void attest_early_close(void)
{
}

enum service_report attest_early_report(const uint8_t data[64], struct attestation_report *to)
{
	(void)data;
	(void)to;
	return SERVICE_REPORT_NONE;
}

void attest_early_lend(uint64_t ns)
{
	(void)ns;
}

const char *release_ask(const struct launch_state *launch, bool unsigned_too, struct release *r)
{
	(void)launch;
	(void)unsigned_too;
	(void)r;
	return "a test";
}

bool release_confirm(const struct release *r)
{
	(void)r;
	return false;
}
