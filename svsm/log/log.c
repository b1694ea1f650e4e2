/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdarg.h>
#include "log/log.h"
#include "log/logring.h"
#include "cpu/panic.h"
#include "cpu/percpu.h"
#include "lib/fmt.h"
#include "platform/platform.h"

_Static_assert(LOG_LINE_MAX + 1 <= LOGRING_LINE, "a line and its newline fit a slot");

static enum log_level log_level = LOG_INFO;
static bool console_ready;
static const char *const level_name[] = {"error: ", "warning: ", "", "debug: "};

void log_set_level(enum log_level level)
{
	log_level = level;
}

void log_console_ready(void)
{
	console_ready = true;
	log_drain();
}

/* Out with this CPU's lines. When an exception interrupted a drain, its lines wait for that drain
 * to go on; in a panic nothing goes on, so everything goes out now. */
static void drain(struct cpu *c, bool last)
{
	char line[LOGRING_LINE];
	uint32_t lost;
	size_t n;

	while ((n = logring_get(c->log, line, last)))
		if (!platform->console_write(line, n))
			break;
	lost = logring_lost(c->log);
	if (lost) {
		n = fmt_scnprintf(line, sizeof(line), "[%u] (%u log lines lost)\n", c->index, lost);
		platform->console_write(line, n);
	}
}

void log_drain(void)
{
	struct cpu *c = percpu_this();

	/* A CPU logs by itself only once it has its own way to the hypervisor. */
	if (!console_ready || !c->ghcb || c->log_draining)
		return;
	c->log_draining = true;
	drain(c, false);
	c->log_draining = false;
}

void log_drain_last(void)
{
	struct cpu *c = percpu_this();

	c->log_draining = true;
	drain(c, true);
	c->log_draining = false;
}

static void log_va(enum log_level level, const char *fmt, va_list ap)
{
	struct cpu *c = percpu_this();
	char line[LOG_LINE_MAX + 1];
	size_t n = fmt_scnprintf(line, sizeof(line) - 1, "[%u] %s", c->index, level_name[level]);
	int len = fmt_vsnprintf(line + n, LOG_LINE_MAX - n, fmt, ap);

	n += MIN((size_t)(len < 0 ? 0 : len), LOG_LINE_MAX - n - 1);
	if (!n || line[n - 1] != '\n')
		line[n++] = '\n';
	logring_put(c->log, line, n);
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
	struct cpu *c = percpu_this();
	va_list ap;

	c->log_guest_count++;
	if (c->log_guest_count > LOG_GUEST_BURST && c->log_guest_count % 256)
		return;
	va_start(ap, fmt);
	log_va(LOG_WARN, fmt, ap);
	va_end(ap);
}
