/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What a test has to say: failures, a skip, facts and log lines, and its verdict at the end. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "abi/control.h"
#include "agent/agent.h"
#include "agent/port.h"

/* What became of the running test so far. */
static struct {
	unsigned failures;
	bool skipped, unanswered;
	char reason[256]; /* of the first failure, or of the skip */
} now;

void agent_send(uint8_t type, const char *fmt, ...)
{
	char text[CONTROL_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	port_send(type, text, MIN((size_t)n, sizeof(text) - 1));
}

#define FORMAT(buf, fmt)                                                                           \
	do {                                                                                       \
		va_list ap_;                                                                       \
		va_start(ap_, fmt);                                                                \
		vsnprintf(buf, sizeof(buf), fmt, ap_);                                             \
		va_end(ap_);                                                                       \
	} while (0)

/*
 * The test goes on after a failure. Its verdict names the first one, which often caused the others.
 */
void agent_fail(const char *where, const char *fmt, ...)
{
	char text[800];

	FORMAT(text, fmt);
	if (now.unanswered) {
		agent_log("%s %s", where, text);
		return;
	}
	agent_send(CONTROL_FAILURE, "%s\t%s", where, text);
	if (now.failures++ == 0)
		snprintf(now.reason, sizeof(now.reason), "%.255s", text);
}

void agent_skip(const char *fmt, ...)
{
	if (now.unanswered)
		return;
	FORMAT(now.reason, fmt);
	now.skipped = true;
}

void agent_unanswered(const char *request)
{
	agent_skip("it asks the host (%.40s), whose answer this run cannot know", request);
	now.unanswered = true;
}

void agent_info(const char *key, const char *fmt, ...)
{
	char text[800];

	FORMAT(text, fmt);
	agent_send(CONTROL_INFO, "%s\t%s", key, text);
}

void agent_log(const char *fmt, ...)
{
	char text[800];

	FORMAT(text, fmt);
	agent_send(CONTROL_LOG, "%s", text);
}

unsigned agent_failures(void)
{
	return now.failures;
}

void agent_begin(const char *test)
{
	memset(&now, 0, sizeof(now));
	agent_send(CONTROL_START, "%s", test);
}

void agent_end(const char *test)
{
	const char *verdict = now.failures ? "fail" : now.skipped ? "skip" : "pass";

	agent_send(CONTROL_VERDICT, "%s\t%s\t%s", test, verdict, now.reason);
	agent_send(CONTROL_END, "%s", test);
}

/* Waits for the harness's answer. Frames of another type are dropped meanwhile. */
bool agent_host(const char *request, char *answer, size_t size)
{
	struct control_frame f;

	agent_send(CONTROL_HOST, "%s", request);
	if (!port_answer(request, answer, size)) {
		do
			port_next(&f);
		while (f.type != CONTROL_HOST_REPLY);
		snprintf(answer, size, "%s", f.payload);
	}
	return strncmp(answer, "error", 5) != 0;
}
