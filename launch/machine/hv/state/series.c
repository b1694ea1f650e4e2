/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * CPU 0 reads the counters of the others without a lock: each only grows, and what it misses now is
 * in the next sample.
 */
#include "machine/hv/state/series.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/exit_count.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "machine/host/time.h"
#include "base/x86.h"
#include "lib/fmt.h"

#define SAMPLE_MS 200
#define SAMPLES   500 /* of one length */
#define LINE_MAX  200 /* of pairs; the log adds its own */

static uint64_t due, length, told[VMPL_COUNT][EXIT_SLOTS];
static unsigned samples;

static uint64_t seen(unsigned vmpl, unsigned slot)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < machine_vcpu_count; i++)
		if (machine_vcpus[i]->causes)
			sum += exit_cause_seen(machine_vcpus[i]->causes, vmpl, slot);
	return sum;
}

/* " REASON COUNT"; a reason without a name is a number. */
static size_t add_pair(char *line, size_t n, unsigned slot, uint64_t count)
{
	const char *name = exit_count_name(slot);

	if (name)
		return fmt_scnprintf(line + n, LINE_MAX - n, " %s %llu", name,
				     (unsigned long long)count);
	return fmt_scnprintf(line + n, LINE_MAX - n, " 0x%x %llu", slot, (unsigned long long)count);
}

/* More pairs than a line takes go on in the next. */
static void sample_vmpl(unsigned vmpl)
{
	char line[LINE_MAX];
	size_t n = 0;

	for (unsigned s = 0; s < EXIT_SLOTS; s++) {
		uint64_t now = seen(vmpl, s), more = now - told[vmpl][s];

		told[vmpl][s] = now;
		if (more)
			n += add_pair(line, n, s, more);
		if (n > LINE_MAX - 48 || (n && s == EXIT_SLOTS - 1)) {
			host_log("series: vmpl%u%s", vmpl, line);
			n = 0;
		}
	}
}

static void begin(void)
{
	length = host_tsc_khz() * SAMPLE_MS;
	due = rdtsc() + length;
}

uint64_t series_look(void)
{
	if (!host_options.series)
		return 0;
	if (!due)
		begin();
	if (rdtsc() < due)
		return due;
	for (unsigned vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
		sample_vmpl(vmpl);
	if (++samples % SAMPLES == 0)
		length *= 2;
	due = rdtsc() + length;
	return due;
}
