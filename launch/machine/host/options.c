/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The words that the harness gives, read once from fw_cfg. A word is a flag; a new one is a line
 * in the table.
 */
#include "machine/host/options.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "abi/machine.h"
#include "lib/string.h"

struct host_options host_options;

static const struct {
	const char *word;
	bool *flag;
} words[] = {
	{"strict", &host_options.strict},         {"stats", &host_options.stats},
	{"trace", &host_options.trace},           {"turns", &host_options.turns},
	{"no-invlpgb", &host_options.no_invlpgb}, {"boot-nmi", &host_options.boot_nmi},
};

/* A word that is not known may come from a newer harness: it is logged and does no harm. */
static void take(const char *word, size_t len)
{
	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i].word) == len && !strncmp(word, words[i].word, len)) {
			*words[i].flag = true;
			return;
		}
	}
	host_log("options: \"%.*s\" is not one I know; ignored", (int)len, word);
}

void options_read(void)
{
	static char text[256];
	struct fwcfg_file f;
	size_t n = 0, start;

	if (!fwcfg_find(MACHINE_FW_OPTIONS, &f))
		return;
	f.size = MIN(f.size, (uint32_t)sizeof(text) - 1);
	if (!fwcfg_read(&f, 0, host_pa(text), f.size))
		return;
	while (n < f.size && text[n]) {
		for (start = n; n < f.size && text[n] && text[n] != ' ' && text[n] != ','; n++)
			;
		if (n > start)
			take(text + start, n - start);
		if (n < f.size && text[n])
			n++;
	}
}
