/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The secrets page, mapped on use. The launch check has seen it before (platform/snp/launch.c). */
#include "mm/secrets.h"
#include "lib/string.h"
#include "mm/launch_area.h"
#include "mm/paging.h"

void secrets_hide(void)
{
	paging_set(&snp_secrets_page, PAGING_GUARD);
}

const struct snp_secrets *secrets_open(void)
{
	paging_set(&snp_secrets_page, PAGING_PRIVATE);
	return &snp_secrets_page;
}

void secrets_close(void)
{
	secrets_hide();
}

void secrets_wipe_key(void)
{
	secrets_open();
	string_wipe(snp_secrets_page.vmpck[0], sizeof(snp_secrets_page.vmpck[0]));
	secrets_close();
}
