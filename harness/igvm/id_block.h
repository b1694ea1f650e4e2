/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * ID blocks: what an IGVM file has of one, what the firmware gets of that, and how one is made.
 * Keys are PEM files of P-384, as `openssl ecparam -name secp384r1 -genkey` writes them.
 */
#include "harness/igvm/id_form.h"
#include "abi/igvm.h"
#include "harness/igvm/blob.h"
#include "harness/igvm/measure.h"

struct id_block_words {
	const char *id_key;     /* signs the block */
	const char *author_key; /* signs the ID key; NULL: none does */
	uint8_t family_id[16], image_id[16];
	uint32_t guest_svn;
};

/* For what measures as m. False, and said why: a key is none of P-384, or cannot be read. The
 * compatibility mask is the caller's to set. */
bool id_block_make(const struct id_block_words *w, const struct measure *m,
		   struct igvm_snp_id_block *b);
/* What SNP_LAUNCH_FINISH gets of a file's block, with the policy of the launch, as a loader makes
 * it. */
void id_block_of_igvm(const struct igvm_snp_id_block *b, uint64_t policy, struct id_block *block,
		      struct id_auth *auth);
/* The file's block for SEV-SNP, in *b; false: it has none. */
bool id_block_find(const struct igvm_file *f, struct igvm_snp_id_block *b);
/* The file with that block behind its other headers, in place of one that it has. False, and said
 * why: it would be too long. The caller frees *out. */
bool id_block_insert(const struct igvm_file *f, const struct blob *in,
		     const struct igvm_snp_id_block *b, struct blob *out);
