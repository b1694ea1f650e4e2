/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Command lines of the host's: `keelson run --exec`, `make shell`. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "abi/control.h"
#include "agent/agent.h"
#include "agent/child.h"
#include "agent/external.h"
#include "agent/port.h"
#include "lib/base64.h"

enum {
	PIECE = 720
};

/*
 * Output goes to the harness as base64, because it may hold any byte, in pieces that fit into a
 * frame.
 */
static void output(void *ctx UNUSED, int stream, const char *bytes, size_t n)
{
	char text[BASE64_LENGTH(PIECE) + 1];

	for (size_t done = 0; done < n; done += PIECE) {
		base64_encode(text, bytes + done, MIN(n - done, (size_t)PIECE));
		agent_send(CONTROL_OUTPUT, "%d\t%s", stream, text);
	}
}

/* "FILE name path", "HOST request": what a test may ask for; the rest has no meaning here. */
static void line(void *ctx UNUSED, struct child *c, char *text)
{
	char answer[CONTROL_MAX] = "error: only FILE and HOST", name[101], path[512];

	if (!strncmp(text, "HOST ", 5))
		agent_host(text + 5, answer, sizeof(answer));
	else if (sscanf(text, "FILE %100s %511s", name, path) == 2)
		host_file(name, path, answer, sizeof(answer));
	child_answer(c, answer);
}

/*
 * The exit code is as a shell's: 128 and the signal when one ended the command, 126 when the agent
 * did. What the command wrote to the console comes to the harness before its end does.
 */
void exec_command(const char *command)
{
	static const struct child_hooks hooks = {output, line};
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	struct child c = {.hooks = &hooks};
	enum child_end end = child_run(&c, argv);
	int code = WIFSIGNALED(c.status) ? 128 + WTERMSIG(c.status) : WEXITSTATUS(c.status);

	agent_drain_console();
	if (end != CHILD_ENDED || code)
		port_exec_failed();
	agent_send(CONTROL_EXEC_END, "%d", end == CHILD_ENDED ? code : 126);
}
