/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdlib.h>

#include "harness/core/psp_config.h"
#include "harness/core/util.h"
#include "harness/kbs/kbs.h"
#include "harness/psp/chain.h"

/* The certificates of this checkout's processor, as a real server has them from AMD. */
bool kbs_test_chain(struct kbs *k)
{
	struct psp_config config;
	char *folder = chain_folder(), *why = NULL;
	struct psp_chain *chain;
	const char *wrong = NULL;

	psp_config_default(&config);
	chain = chain_open(folder, &config, &why);
	for (int i = 0; chain && !wrong && i < CHAIN_CERTIFICATES; i++) {
		size_t n;
		const uint8_t *der = chain_der(chain, (enum chain_certificate)i, &n);

		wrong = certificates_add(i == CHAIN_ARK ? &k->root : &k->chain, der, n);
	}
	if (!chain || wrong)
		problem("kbs: %s: %s", folder, wrong ? wrong : why);
	else
		problem("kbs: the root is a TEST ROOT: its reports prove nothing about a machine");
	chain_close(chain);
	free(why);
	free(folder);
	return chain && !wrong;
}
