/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The TPM while another vCPU spoils what the SVSM asks the hypervisor: its timer, its NMIs and its
 * log go by pages that the guest can write to. A command may take longer, and is done.
 */
#include "bare/lib/smp.h"
#include "bare/lib/spoil.h"
#include "bare/lib/test.h"
#include "bare/vtpm/common.h"

#define COMMANDS 20 /* for each way of spoiling */

TEST(host_page, "host-page-spoilt",
     "a vCPU that writes into the SVSM's GHCBs keeps no other vCPU from the TPM",
     "keelson:host-page")
{
	vtpm_fresh();
	smp_start();
	for (unsigned way = 0; way < SPOIL_HOLD && spoil_begin(way); way++) {
		for (unsigned i = 0; i < COMMANDS; i++)
			CHECK_EQ(tpm(0, "0000017b 0010"), 0); /* GetRandom */
		spoil_end();
	}
	still_works();
}
