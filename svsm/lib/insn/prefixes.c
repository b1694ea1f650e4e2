/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The prefixes of an instruction. Whoever looks at an instruction begins here. */
#include "lib/insn/prefixes.h"

static bool note(struct insn_prefixes *p, uint8_t byte, bool mode64)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		if (!mode64)
			p->segment = byte >> 3 & 3;
		return true;
	case 0x64:
	case 0x65:
		p->segment = INSN_FS + (byte & 1);
		return true;
	case 0x66:
		return p->data = true;
	case 0x67:
		return p->address = true;
	case 0xf0:
		return p->lock = true;
	case 0xf2:
	case 0xf3:
		p->rep = byte;
		return true;
	default:
		return false;
	}
}

void prefixes_read(struct insn_prefixes *p, const uint8_t *bytes, size_t n, enum insn_mode mode)
{
	bool mode64 = mode == INSN_MODE64;
	unsigned at = 0;

	*p = (struct insn_prefixes){.segment = INSN_DS};
	for (; at < n && at < INSN_MAX; at++) {
		uint8_t byte = bytes[at];

		if (note(p, byte, mode64))
			p->rex = 0; /* one before this prefix does not count */
		else if (mode64 && (byte & 0xf0) == 0x40)
			p->rex = byte;
		else
			break;
	}
	p->length = (uint8_t)at;
}
