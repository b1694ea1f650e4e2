/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Where a machine in software stands that has to be given up: QEMU's inject-nmi has it write a line
 * "where: ..." for each vCPU into monitor.log, and lines of its next exits. This makes one line for
 * people of them.
 */
#include "harness/session/symbols.h"
#include "launch/profiles/words.h"

#define WHERE_MS       5000u /* for the first line; a loaded machine is slow */
#define WHERE_QUIET_MS 300u  /* no line for so long: that was all */
#define WHERE_LINES    2000u

struct where {
	bool asked;
	struct strlist lines; /* of the monitor's log since then, as far as they matter */
};

/* A line of the monitor's log; kept when it is one of those. */
void where_line(struct where *w, const char *line);
/* "vCPU 0 VMPL 2 RIP 0x1234 (svsm:main+0x4) CPL 0, next exits: 16 vmmcall, msr protocol 0x14 ->
 * 0x15;
 * ..." (malloc'ed), NULL where nothing was told. */
char *where_text(const struct where *w, const struct symbol_source *svsm);
void where_free(struct where *w);
