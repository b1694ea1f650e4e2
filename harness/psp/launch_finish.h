/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* SNP_LAUNCH_FINISH of a guest with an ID block: SEV-SNP firmware ABI (56860), 8.18. */
#include "harness/igvm/id_form.h"
#include "harness/psp/psp.h"

/*
 * The firmware's checks in its order: digest, policy, form, keys and signatures. g has its launch's
 * digest and policy; on success it gets what the block says, and whose keys signed it. author: the
 * author's key counts, too.
 */
enum snp_status launch_finish(struct psp_guest *g, const struct id_block *block,
			      const struct id_auth *auth, bool author);
/* What such a status means. */
const char *launch_finish_text(enum snp_status status);
