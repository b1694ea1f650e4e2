/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "bare/machine/fwcfg_read.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"
#include "lib/string.h"

#define SELECT 0x510
#define DATA   0x511

void fwcfg_read(void *to, size_t n)
{
	uint8_t *p = to;
	uint32_t v = 0;

	for (; n--; *p++ = (uint8_t)v)
		CHECK(ghcb_in(DATA, 1, &v));
}

void fwcfg_read_string(void *to, size_t n)
{
	struct ghcb *g = ghcb_begin();

	GHCB_SET(g, scratch, percpu()->ghcb_gpa + offsetof(struct ghcb, buffer));
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_IOIO,
			   DATA << 16 | IOIO_IN | IOIO_STR | IOIO_REP | IOIO_SZ8 | IOIO_A64, n),
		 0);
	memcpy(to, g->buffer, n);
}

void fwcfg_select(uint16_t key)
{
	CHECK(ghcb_out(SELECT, 2, key));
}

void fwcfg_read_key(uint16_t key, void *to, size_t n)
{
	fwcfg_select(key);
	fwcfg_read(to, n);
}

bool fwcfg_find(const char *name, struct fwcfg_entry *e)
{
	uint32_t count;

	fwcfg_select(FWCFG_DIR);
	fwcfg_read_string(&count, sizeof(count));
	count = __builtin_bswap32(count);
	REQUIRE(count < 100);
	while (count--) {
		fwcfg_read_string(e, sizeof(*e));
		e->size = __builtin_bswap32(e->size);
		e->key = __builtin_bswap16(e->key);
		if (!strncmp(e->name, name, sizeof(e->name)))
			return true;
	}
	return false;
}
