/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The log's front end: formats a line, puts it into this CPU's ring and, once this CPU can reach
 * the hypervisor, drains the ring to the console. Code of every layer calls it from any context,
 * so it takes no lock, allocates nothing and never waits. A line that is too long is cut; one for
 * which the ring has no room is counted as lost.
 */
#include <stdarg.h>
#include "log/log.h"
#include "log/logring.h"
#include "lib/fmt.h"

_Static_assert(LOG_LINE_MAX + 1 <= LOGRING_LINE, "a line and its newline fit a slot");

static enum log_level log_level = LOG_INFO;
static log_console_fn console;
static const char *const level_name[] = {"error: ", "warning: ", "", "debug: "};

void log_set_level(enum log_level level)
{
	log_level = level;
}

void log_set_console(log_console_fn write)
{
	console = write;
	log_drain();
}

/* Writes the lines of this CPU's ring to the console. With `last` it passes over a slot whose
 * producer was interrupted while filling it: in a panic that producer never goes on. A line that
 * the console refuses is lost, because the ring has no way to take it back. */
static void drain(struct log_cpu *c, bool last)
{
	char line[LOGRING_LINE];
	uint32_t lost;
	size_t n;

	while ((n = logring_get(c->ring, line, last)))
		if (!console(line, n))
			break;
	lost = logring_lost(c->ring);
	if (lost) {
		n = fmt_scnprintf(line, sizeof(line), "[%u] (%u log lines lost)\n", c->cpu, lost);
		console(line, n);
	}
}

/* An exception during a drain only adds its lines to the ring, and the interrupted drain prints
 * them when it goes on: the ring has one consumer at a time. */
void log_drain(void)
{
	struct log_cpu *c = log_this_cpu();

	/* A CPU logs by itself only once it has its own way to the hypervisor. */
	if (!console || !c->ready || c->draining)
		return;
	c->draining = true;
	drain(c, false);
	c->draining = false;
}

/* For a panic, where nothing that was interrupted goes on: an interrupted drain is ignored. */
void log_drain_last(void)
{
	struct log_cpu *c = log_this_cpu();

	if (!console)
		return;
	c->draining = true;
	drain(c, true);
	c->draining = false;
}

/* Prefix, text and newline, LOG_LINE_MAX bytes at most. A newline at the end of fmt is not
 * doubled. */
static void log_va(enum log_level level, const char *fmt, va_list ap)
{
	struct log_cpu *c = log_this_cpu();
	char line[LOG_LINE_MAX + 1];
	size_t n = fmt_scnprintf(line, sizeof(line) - 1, "[%u] %s", c->cpu, level_name[level]);
	int len = fmt_vsnprintf(line + n, LOG_LINE_MAX - n, fmt, ap);

	n += MIN((size_t)(len < 0 ? 0 : len), LOG_LINE_MAX - n - 1);
	if (!n || line[n - 1] != '\n')
		line[n++] = '\n';
	logring_put(c->ring, line, n);
	log_drain();
}

void log_write(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > log_level)
		return;
	va_start(ap, fmt);
	log_va(level, fmt, ap);
	va_end(ap);
}

void log_guest(const char *fmt, ...)
{
	struct log_cpu *c = log_this_cpu();
	va_list ap;

	c->guest_lines++;
	if (c->guest_lines > LOG_GUEST_BURST && c->guest_lines % 256)
		return;
	va_start(ap, fmt);
	log_va(LOG_WARN, fmt, ap);
	va_end(ap);
}
