/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a service writes, as lines in the SVSM's log. user/sys_file.c feeds it. The text is not
 * trusted: only printable ASCII passes, each line carries the service's name, and a flood is
 * thinned out.
 */
#include "user/console.h"
#include "log/log.h"

/* All of the first CONSOLE_BURST lines, then one of CONSOLE_SPARSE. */
static bool wanted(struct process *p)
{
	p->console.lines++;
	return p->console.lines <= CONSOLE_BURST || p->console.lines % CONSOLE_SPARSE == 0;
}

void console_flush(struct process *p)
{
	if (p->console.len && wanted(p)) {
		log_info("%s: %.*s", p->name, (int)p->console.len, p->console.line);
		if (p->console.lines >= CONSOLE_BURST)
			log_info("%s: after %u lines one of %u is kept", p->name, p->console.lines,
				 CONSOLE_SPARSE);
	}
	p->console.len = 0;
}

void console_write(struct process *p, const char *text, size_t len)
{
	for (; len; len--, text++) {
		if (*text != '\n')
			p->console.line[p->console.len++] =
				*text >= ' ' && *text < 0x7f ? *text : '?';
		if (*text == '\n' || p->console.len == CONSOLE_LINE)
			console_flush(p);
	}
}
