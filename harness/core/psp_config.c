/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/core/psp_config.h"

#define CHIP_ID_FIRST 0x5a /* 02 and 04 would look like DER to some verifiers */

/* Bits of PLATFORM_INFO: SMT is on, memory has ECC, the check for aliases is done (version 3). */
#define PLATFORM_SMT_ECC BIT(0) | BIT(2)
#define PLATFORM_ALIAS   BIT(5)

static const struct {
	const char *name;
	uint8_t fms[3];
	bool turin;
} products[] = {
	{"Genoa", {0x19, 0x11, 1}, false},
	{"Milan", {0x19, 0x01, 1}, false},
	{"Turin", {0x1a, 0x02, 1}, true},
};

static const struct {
	const char *name;
	enum psp_fault fault;
} faults[] = {
	{"none", PSP_FAULT_NONE},
	{"busy", PSP_FAULT_BUSY},
	{"invalid-len", PSP_FAULT_INVALID_LEN},
	{"host", PSP_FAULT_HOST},
	{"firmware", PSP_FAULT_FIRMWARE},
	{"tag", PSP_FAULT_TAG},
	{"sequence", PSP_FAULT_SEQUENCE},
	{"replay", PSP_FAULT_REPLAY},
	{"slow", PSP_FAULT_SLOW},
};

/* TCB_VERSION: SEV-SNP firmware ABI (56860), 2.2. Only Turin has a place for an FMC. */
static bool put_tcb(struct psp_config *c)
{
	const struct psp_tcb_parts *t = &c->parts;
	const uint8_t turin[] = {t->fmc, t->bootloader, t->tee, t->snp, 0, 0, 0, t->microcode};
	const uint8_t others[] = {t->bootloader, t->tee, 0, 0, 0, 0, t->snp, t->microcode};

	memcpy(c->tcb, c->turin ? turin : others, PSP_TCB);
	return c->turin || !t->fmc;
}

unsigned psp_chip_id_bytes(const struct psp_config *c)
{
	return c->turin ? 8 : PSP_CHIP_ID;
}

static bool take_product(struct psp_config *c, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(products); i++)
		if (strcmp(products[i].name, name) == 0) {
			c->product = products[i].name;
			c->turin = products[i].turin;
			memcpy(c->fms, products[i].fms, sizeof(c->fms));
			return put_tcb(c);
		}
	return false;
}

void psp_config_default(struct psp_config *c)
{
	*c = (struct psp_config){
		.report_version = 3,
		.parts = {.bootloader = 9, .snp = 23, .microcode = 72},
		.platform_info = PLATFORM_SMT_ECC | PLATFORM_ALIAS,
	};
	take_product(c, "Genoa");
	for (unsigned i = 0; i < PSP_CHIP_ID; i++)
		c->chip_id[i] = i ? (uint8_t)i : CHIP_ID_FIRST;
}

/* Two digits a byte, as many bytes as there are: the rest is zero. */
static bool take_hex(uint8_t *to, size_t size, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = strlen(text);

	if (!n || n % 2 || n / 2 > size || strspn(text, digits) != n)
		return false;
	memset(to, 0, size);
	for (size_t i = 0; i < n; i++)
		to[i / 2] |= (uint8_t)((strchr(digits, text[i]) - digits) << (i % 2 ? 0 : 4));
	return true;
}

static bool take_number(uint64_t *to, uint64_t most, const char *text)
{
	char *end;

	errno = 0;
	if (!strchr("0123456789", *text) || !*text)
		return false;
	*to = strtoull(text, &end, 0);
	return !*end && !errno && *to <= most;
}

/* Numbers with a dot between, most at most. How many there are; 0: they are no such list. */
static size_t take_dotted(uint8_t *to, size_t most, const char *text)
{
	char *end;

	for (size_t n = 0; n < most; text = end + 1) {
		unsigned long v = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 256;

		if (v > 255 || (*end && *end != '.'))
			return 0;
		to[n++] = (uint8_t)v;
		if (!*end)
			return n;
	}
	return 0;
}

/* BOOTLOADER.TEE.SNP.MICROCODE, on Turin with FMC before them. */
static bool take_tcb(struct psp_config *c, const char *text)
{
	uint8_t v[5] = {0}, *p = v;
	size_t n = take_dotted(v, ARRAY_LEN(v), text);

	if (n < 4)
		return false;
	c->parts.fmc = n == 5 ? *p++ : 0;
	c->parts.bootloader = p[0];
	c->parts.tee = p[1];
	c->parts.snp = p[2];
	c->parts.microcode = p[3];
	return p[0] < 128 && p[1] < 128 && p[2] < 128 && c->parts.fmc < 128 && put_tcb(c);
}

/* What X.509 calls an IA5String, here without what has a meaning elsewhere. */
static bool take_vlek(struct psp_config *c, const char *text)
{
	size_t n = strlen(text);

	if (!n || n >= sizeof(c->vlek))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-._ ", text[i]))
			return false;
	strcpy(c->vlek, text);
	return true;
}

static bool take_file(const char **to, const char *text)
{
	*to = text;
	return *text;
}

static bool add_fault(struct psp_config *c, enum psp_fault fault, unsigned count)
{
	for (size_t i = 0; i < PSP_FAULTS_MOST; i++)
		if (!c->faults[i].count) {
			c->faults[i] = (struct psp_faults){fault, count};
			return true;
		}
	return false;
}

/* NAME or NAME:COUNT, where no count is one request: behind those that were given before. */
static bool take_fault(struct psp_config *c, const char *text)
{
	size_t n = strcspn(text, ":");
	uint64_t count = 1;

	if (text[n] && (!take_number(&count, 1000000, text + n + 1) || !count))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (strlen(faults[i].name) == n && strncmp(faults[i].name, text, n) == 0)
			return add_fault(c, faults[i].fault, (unsigned)count);
	return false;
}

static bool take_version(struct psp_config *c, const char *text)
{
	uint64_t v;

	if (!take_number(&v, 5, text) || (v != 2 && v != 3 && v != 5))
		return false;
	c->report_version = (unsigned)v;
	return true;
}

static bool take_svn(struct psp_config *c, const char *text)
{
	uint64_t v;

	if (!take_number(&v, UINT32_MAX, text))
		return false;
	c->guest_svn = (uint32_t)v;
	return true;
}

static bool take_mask(struct psp_config *c, const char *text)
{
	c->mask_chip_key = strcmp(text, "yes") == 0;
	return c->mask_chip_key || strcmp(text, "no") == 0;
}

/* -1: no such key; else whether its value is one. */
static int take(struct psp_config *c, const char *key, const char *value)
{
	if (strcmp(key, "report") == 0)
		return take_version(c, value);
	if (strcmp(key, "product") == 0)
		return take_product(c, value);
	if (strcmp(key, "tcb") == 0)
		return take_tcb(c, value);
	if (strcmp(key, "vlek") == 0)
		return take_vlek(c, value);
	if (strcmp(key, "id-key") == 0)
		return take_file(&c->id_key, value);
	if (strcmp(key, "author-key") == 0)
		return take_file(&c->author_key, value);
	if (strcmp(key, "chip-id") == 0)
		return take_hex(c->chip_id, sizeof(c->chip_id), value);
	if (strcmp(key, "host-data") == 0)
		return take_hex(c->host_data, sizeof(c->host_data), value);
	if (strcmp(key, "family-id") == 0)
		return take_hex(c->family_id, sizeof(c->family_id), value);
	if (strcmp(key, "image-id") == 0)
		return take_hex(c->image_id, sizeof(c->image_id), value);
	if (strcmp(key, "svn") == 0)
		return take_svn(c, value);
	if (strcmp(key, "policy") == 0)
		return take_number(&c->policy, UINT64_MAX, value);
	if (strcmp(key, "mask-chip-key") == 0)
		return take_mask(c, value);
	if (strcmp(key, "fault") == 0)
		return take_fault(c, value);
	return -1;
}

char *psp_config_set(struct psp_config *c, const char *word)
{
	const char *equals = strchr(word, '=');
	char *key = equals ? str("%.*s", (int)(equals - word), word) : NULL;
	int ok = key ? take(c, key, equals + 1) : -1;

	free(key);
	if (ok > 0)
		return NULL;
	return ok ? str("no such key in '%s' (docs/psp.md)", word)
		  : str("no such value in '%s' (docs/psp.md)", word);
}
