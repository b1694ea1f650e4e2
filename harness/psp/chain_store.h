/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a chain keeps in its folder, PRODUCT below the chains': keys and certificates of the three
 * authorities as PEM files, and the chip's secret. One program at a time makes them, by a lock on
 * the folder above.
 */
#include "harness/psp/chain_files.h"

struct chain_keys {
	struct chain_authority ark;
	struct chain_authority issuer; /* the ASK; the ASVK where there is a VLEK */
	uint8_t secret[PSP_SECRET];
};

/* Of the RSA keys, as AMD's have; a test makes shorter ones, which do not take seconds. */
extern unsigned chain_store_bits;

/* Is all of it there? Else chain_store_open() makes RSA keys, which takes seconds. */
bool chain_store_there(const char *folder, const struct psp_config *c);
/* Reads the keys, or makes what is missing of them. NULL, or what went wrong (malloc'ed). *k is to
 * be freed in both cases. */
char *chain_store_open(const char *folder, const struct psp_config *c, struct chain_keys *k);
void chain_keys_free(struct chain_keys *k);
