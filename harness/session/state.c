/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * state.txt: what a person wants to see first of a machine that hangs or died, in one file. It
 * is written before QEMU is killed where that is possible, and a QEMU that does not answer
 * costs a minute or two at most (qmp.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/output.h"
#include "harness/core/paths.h"
#include "harness/session/state.h"
#include "harness/session/symbols.h"
#include "harness/core/util.h"

#define LOG_LINES 40

/* The last LOG_LINES lines of a log. A log that is not there is left out. */
static void copy_tail(FILE *f, const char *folder, const char *name)
{
	char *path = str("%s/%s", folder, name), *text = file_text(path, NULL);

	free(path);
	if (!text)
		return;
	fprintf(f, "\n== the end of %s ==\n%s\n", name, text_tail(text, LOG_LINES));
	free(text);
}

/* "RIP=ffffffff80001234 RFL=..." gets a line with the function's name below it. */
static void name_rip(FILE *f, const char *line, struct symbols *const *images)
{
	const char *at = strstr(line, "IP=");
	uint64_t rip = at ? strtoull(at + 3, NULL, 16) : 0;

	for (size_t i = 0; at && i < 2; i++) {
		char *name = symbols_name(images[i], rip);

		if (name)
			fprintf(f, "    %s\n", name);
		free(name);
	}
}

/*
 * QEMU's "info registers -a", line by line. Functions of the monitor and the SVSM are named; a
 * guest's are not known.
 */
static void copy_registers(FILE *f, char *text, const char *svsm_elf)
{
	char *monitor = paths_in_build("monitor.elf");
	struct symbols *images[] = {symbols_read(monitor, "monitor"),
				    svsm_elf ? symbols_read(svsm_elf, "svsm") : NULL};
	char *save = NULL;

	for (char *line = strtok_r(text, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		fprintf(f, "%s\n", line);
		if (strncmp(line, "RIP=", 4) == 0 || strncmp(line, "EIP=", 4) == 0)
			name_rip(f, line, images);
	}
	symbols_free(images[0]);
	symbols_free(images[1]);
	free(monitor);
}

/*
 * The machine is stopped first, so that the registers of all CPUs are of one moment.
 */
void state_write(const char *folder, const char *reason, struct qmp *q, bool alive,
		 const char *svsm_elf)
{
	char *path = str("%s/state.txt", folder);
	FILE *f = fopen(path, "we");
	char *text = NULL;

	if (!f) {
		output_lost(path, errno);
		free(path);
		return;
	}
	fprintf(f, "%s\n\n== registers ==\n", reason);
	if (alive && qmp_stop(q))
		text = qmp_human(q, "info registers -a");
	if (text)
		copy_registers(f, text, svsm_elf);
	else
		fprintf(f, "(%s)\n", alive ? "QEMU did not answer" : "the machine is gone");
	free(text);
	copy_tail(f, folder, "monitor.log");
	copy_tail(f, folder, "svsm.log");
	copy_tail(f, folder, "console.log");
	copy_tail(f, folder, "debug.log");
	copy_tail(f, folder, "qemu.log");
	output_close(f, path);
	free(path);
}
