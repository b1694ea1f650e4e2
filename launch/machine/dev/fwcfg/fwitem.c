/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The table of items. Files are kept sorted by name, so a file's key is its place. */
#include "machine/dev/fwcfg/fwitem.h"
#include "machine/host_assert.h"
#include "lib/string.h"

struct entry {
	uint32_t size; /* big-endian, as the key */
	uint16_t key;
	uint16_t reserved;
	char name[FWITEM_NAME];
};
ABI_SIZE(struct entry, 64, "fw_cfg.rst: FWCfgFile");

static struct fwitem keys[FWITEM_KEYS], files[FWITEM_FILES];
static char names[FWITEM_FILES][FWITEM_NAME];
static uint32_t words[FWITEM_KEYS]; /* where items of one word have their bytes */
static unsigned key_count, file_count;
static struct {
	uint32_t count; /* big-endian */
	struct entry entry[FWITEM_FILES];
} directory;

static struct fwitem *add_key(uint16_t key, uint32_t size)
{
	struct fwitem *i = &keys[key_count];

	HOST_ASSERT(key_count < FWITEM_KEYS && key < FWITEM_FIRST_FILE);
	*i = (struct fwitem){.key = key, .size = size};
	key_count++;
	return i;
}

void fwitem_key(uint16_t key, const void *data, uint32_t size)
{
	add_key(key, size)->data = data;
}

static void add_word(uint16_t key, uint32_t value, uint32_t size)
{
	uint32_t *word = &words[key_count];

	add_key(key, size)->data = word;
	*word = value;
}

void fwitem_u16(uint16_t key, uint16_t value)
{
	add_word(key, value, sizeof(value));
}

void fwitem_u32(uint16_t key, uint32_t value)
{
	add_word(key, value, sizeof(value));
}

void fwitem_key_real(uint16_t key, const struct fwcfg_file *real, uint32_t offset, uint32_t size)
{
	struct fwitem *i = add_key(key, size);

	i->real = *real;
	i->offset = offset;
}

/* Where the name stands, or where it belongs. */
static unsigned place_of(const char *name, bool *there)
{
	unsigned at = 0;

	while (at < file_count && strcmp(names[at], name) < 0)
		at++;
	*there = at < file_count && !strcmp(names[at], name);
	return at;
}

static bool add_file(const char *name, const struct fwitem *item)
{
	bool there;
	unsigned at = place_of(name, &there);

	if (strnlen(name, FWITEM_NAME) == FWITEM_NAME || (!there && file_count == FWITEM_FILES))
		return false;
	if (!there) {
		memmove(&files[at + 1], &files[at], (file_count - at) * sizeof(files[0]));
		memmove(&names[at + 1], &names[at], (file_count - at) * sizeof(names[0]));
		memset(names[at], 0, sizeof(names[at]));
		memcpy(names[at], name, strlen(name));
		file_count++;
	}
	files[at] = *item;
	return true;
}

bool fwitem_file(const char *name, const void *data, uint32_t size)
{
	const struct fwitem i = {.size = size, .data = data};

	return add_file(name, &i);
}

bool fwitem_file_live(const char *name, const void *data, uint32_t size, void (*selected)(void))
{
	const struct fwitem i = {.size = size, .data = data, .selected = selected};

	return add_file(name, &i);
}

bool fwitem_file_real(const char *name, const struct fwcfg_file *real)
{
	const struct fwitem i = {.size = real->size, .real = *real};

	return add_file(name, &i);
}

void fwitem_seal(void)
{
	directory.count = __builtin_bswap32(file_count);
	for (unsigned i = 0; i < file_count; i++) {
		struct entry *e = &directory.entry[i];

		files[i].key = (uint16_t)(FWITEM_FIRST_FILE + i);
		*e = (struct entry){.size = __builtin_bswap32(files[i].size),
				    .key = __builtin_bswap16(files[i].key)};
		memcpy(e->name, names[i], sizeof(e->name));
	}
	fwitem_key(FWITEM_DIRECTORY, &directory,
		   (uint32_t)(sizeof(directory.count) + file_count * sizeof(struct entry)));
}

const struct fwitem *fwitem_find(uint16_t key)
{
	if (key >= FWITEM_FIRST_FILE)
		return key - FWITEM_FIRST_FILE < (int)file_count ? &files[key - FWITEM_FIRST_FILE]
								 : NULL;
	for (unsigned i = 0; i < key_count; i++)
		if (keys[i].key == key)
			return &keys[i];
	return NULL;
}

void fwitem_reset(void)
{
	key_count = file_count = 0;
}
