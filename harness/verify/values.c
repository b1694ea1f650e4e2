/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/verify/values.h"

static int digit(char c)
{
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
	const char *at = c ? strchr(lower, c) : NULL;

	if (at)
		return (int)(at - lower);
	at = c ? strchr(upper, c) : NULL;
	return at ? (int)(at - upper) : -1;
}

bool value_hex(const char *text, size_t least, size_t most, struct bytes *out)
{
	size_t n = strlen(text);
	uint8_t *bytes;

	if (n % 2 || n / 2 < least || n / 2 > most)
		return false;
	bytes = calloc(1, most);
	for (size_t i = 0; bytes && i < n / 2; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			free(bytes);
			return false;
		}
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	free(out->p);
	*out = (struct bytes){bytes, most};
	return bytes;
}

bool value_number(const char *text, uint64_t most, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (digit(text[hex ? 2 : 0]) < 0)
		return false;
	errno = 0;
	*out = strtoull(text, &end, hex ? 16 : 10);
	return !*end && !errno && *out <= most;
}

bool value_tcb(const char *text, struct wanted *w)
{
	for (w->tcb_parts = 0; w->tcb_parts < VERIFY_TCB_PARTS;) {
		char *end;
		unsigned long part = strtoul(text, &end, 10);

		if (*text < '0' || *text > '9' || part > 255 || (*end && *end != '.'))
			return false;
		w->tcb[w->tcb_parts++] = (unsigned)part;
		if (!*end)
			return w->tcb_parts >= 4;
		text = end + 1;
	}
	return false;
}

bool value_kept(const char *text, struct kept_least *least)
{
	char *end;

	*least = (struct kept_least){.given = true};
	errno = 0;
	least->epoch = strtoull(text, &end, 10);
	if (digit(*text) < 0 || errno || (*end && *end != '.'))
		return false;
	return !*end || value_number(end + 1, UINT64_MAX, &least->counter);
}

bool value_pcr(const char *text, struct wanted_pcrs *pcrs)
{
	static const struct {
		const char *name;
		size_t bytes;
	} banks[] = {{"sha1", 20}, {"sha256", 32}, {"sha384", 48}, {"sha512", 64}};
	size_t name = strcspn(text, ":"), i = 0;
	unsigned long pcr;
	char *end;

	while (i < ARRAY_LEN(banks) &&
	       (strlen(banks[i].name) != name || strncmp(banks[i].name, text, name) != 0))
		i++;
	if (i == ARRAY_LEN(banks) || text[name] != ':' ||
	    (pcrs->bank && pcrs->bank != banks[i].name))
		return false;
	pcrs->bank = banks[i].name;
	text += name + 1;
	pcr = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '=' || pcr >= VERIFY_PCRS ||
	    pcrs->mask >> pcr & 1)
		return false;
	pcrs->mask |= 1u << pcr;
	return value_hex(end + 1, banks[i].bytes, banks[i].bytes, &pcrs->value[pcr]);
}
