/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* How a test program is told how much to do: keelson test --append "bench.count=1000". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/option.h"

unsigned option_number(const char *name, unsigned otherwise)
{
	char line[4096] = "", *save = NULL;
	FILE *f = fopen("/proc/cmdline", "r");
	size_t n = strlen(name);

	if (f && !fgets(line, sizeof(line), f))
		line[0] = 0;
	if (f)
		fclose(f);
	for (char *w = strtok_r(line, " \n", &save); w; w = strtok_r(NULL, " \n", &save))
		if (!strncmp(w, name, n) && w[n] == '=')
			otherwise = (unsigned)strtoul(w + n + 1, NULL, 10);
	return otherwise;
}
