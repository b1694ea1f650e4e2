/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What QEMU tells its firmware. All of it is the hypervisor's word: the SVSM judges what comes of
 * it. */
#include "bare/lib/fwfile.h"
#include "bare/lib/ghcb.h"
#include "lib/string.h"

#define PORT_SELECT   0x510
#define PORT_DATA     0x511
#define KEY_SIGNATURE 0
#define KEY_DIRECTORY 0x19
#define FILES_MAX     512 /* more is no directory */
#define PIECE         512

struct fwfile {
	uint8_t size[4], key[2]; /* big endian */
	uint8_t rsvd_06[2];
	char name[56];
} PACKED;

static uint32_t big_endian(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* Selecting an item sets its offset to 0; reading moves it on. */
static void next(void *to, size_t n)
{
	uint8_t *p = to;

	while (n) {
		size_t part = MIN(n, (size_t)PIECE);

		if (!ghcb_in_string(PORT_DATA, p, part))
			memset(p, 0, part);
		p += part;
		n -= part;
	}
}

void fwfile_read(uint16_t key, void *to, size_t n)
{
	ghcb_out(PORT_SELECT, 2, key);
	next(to, n);
}

bool fwfile_present(void)
{
	char signature[4];

	fwfile_read(KEY_SIGNATURE, signature, sizeof(signature));
	return memcmp(signature, "QEMU", sizeof(signature)) == 0;
}

bool fwfile_find(const char *name, uint16_t *key, uint32_t *size)
{
	struct fwfile file;
	uint8_t head[4];
	uint32_t count;

	fwfile_read(KEY_DIRECTORY, head, sizeof(head));
	count = MIN(big_endian(head, sizeof(head)), (uint32_t)FILES_MAX);
	for (uint32_t i = 0; i < count; i++) {
		next(&file, sizeof(file));
		file.name[sizeof(file.name) - 1] = 0;
		if (strcmp(file.name, name) != 0)
			continue;
		*key = (uint16_t)big_endian(file.key, sizeof(file.key));
		*size = big_endian(file.size, sizeof(file.size));
		return true;
	}
	return false;
}

bool fwfile_text(const char *name, char *to, size_t size)
{
	uint32_t length;
	uint16_t key;

	if (!fwfile_present() || !fwfile_find(name, &key, &length))
		return false;
	length = (uint32_t)MIN((size_t)length, size - 1);
	fwfile_read(key, to, length);
	to[length] = 0;
	return true;
}
