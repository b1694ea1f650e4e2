/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The words that the harness gives, read once from fw_cfg. A word is a flag; a new one is a line
 * in the table, or one of a hostile host's, which come through the linker.
 */
#include "machine/host/options.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host_assert.h"
#include "abi/machine.h"
#include "lib/string.h"

struct host_options host_options;

extern const struct option_word __start_option_words[], __stop_option_words[];

static const struct option_word words[] = {
	{"strict", &host_options.strict},         {"stats", &host_options.stats},
	{"trace", &host_options.trace},           {"turns", &host_options.turns},
	{"no-invlpgb", &host_options.no_invlpgb}, {"any-features", &host_options.any_features},
	{"fast-ioio", &host_options.fast_ioio},   {"tsc-adjust", &host_options.tsc_adjust},
	{"series", &host_options.series},         {"rmp-map", &host_options.rmp_map},
	{"quiesce", &host_options.quiesce},
};

static const struct option_word *find(const struct option_word *from, const struct option_word *to,
				      const char *word, size_t len)
{
	for (; from < to; from++)
		if (strlen(from->word) == len && !strncmp(word, from->word, len))
			return from;
	return NULL;
}

/* A word that is not known may come from a newer harness: it is logged and does no harm. */
static void take(const char *word, size_t len)
{
	const struct option_word *ours = find(words, words + ARRAY_LEN(words), word, len);
	const struct option_word *hostile =
		find(__start_option_words, __stop_option_words, word, len);

	if (ours)
		*ours->flag = true;
	else if (hostile)
		*hostile->flag = host_options.hostile = true;
	else
		host_log("options: \"%.*s\" is not one I know; ignored", (int)len, word);
}

static void read_words(void)
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
	host_options.stats |= host_options.series;
}

static uint64_t number(const char *digits)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < MACHINE_REPEAT_DIGITS; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			host_fault("%s holds no two numbers", MACHINE_FW_REPEAT);
		n = n * 10 + (uint64_t)(digits[i] - '0');
	}
	return n;
}

static void read_repeat(void)
{
	static char text[2 * MACHINE_REPEAT_DIGITS + 1];
	struct fwcfg_file f;

	if (!fwcfg_find(MACHINE_FW_REPEAT, &f))
		return;
	if (f.size != sizeof(text) || !fwcfg_read(&f, 0, host_pa(text), f.size))
		host_fault("%s cannot be read", MACHINE_FW_REPEAT);
	host_options.seed = number(text);
	host_options.trail_from = number(text + MACHINE_REPEAT_DIGITS + 1);
	host_options.repeat = true;
}

void options_read(void)
{
	read_words();
	read_repeat();
}
