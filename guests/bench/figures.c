/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Percentiles and means. */
#include <stdlib.h>
#include <time.h>

#include "bench/figures.h"

double figures_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

void figures_start(struct figures *f, unsigned count)
{
	f->us = calloc(count, sizeof(f->us[0]));
	if (!f->us)
		abort();
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts, so it must come after the last measurement. The 99th percentile is by nearest rank. */
void figures_end(struct figures *f, unsigned count)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += f->us[i];
	qsort(f->us, count, sizeof(f->us[0]), by_size);
	f->mean = sum / count;
	f->p50 = f->us[count / 2];
	f->p99 = f->us[(count * 99 + 99) / 100 - 1];
	free(f->us);
	f->us = NULL;
}
