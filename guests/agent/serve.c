/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The agent's conversation with the harness: it lists the tests that registered themselves, and
 * those of the programs in /tests, and runs what is asked for. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>

#include "abi/control.h"
#include "agent/agent.h"
#include "agent/external.h"
#include "agent/port.h"
#include "lib/script/script.h"

extern const struct agent_test *const __start_agent_tests[];
extern const struct agent_test *const __stop_agent_tests[];

/*
 * The agent's own tests, in the order of the link. Those marked `last` spoil the guest for others,
 * so they are listed behind them.
 */
static unsigned list_own(bool last)
{
	const struct agent_test *const *t;
	unsigned n = 0;

	for (t = __start_agent_tests; t < __stop_agent_tests; t++) {
		if ((*t)->last != last)
			continue;
		agent_send(CONTROL_TEST, "%s\t%s", (*t)->name, (*t)->shows);
		n++;
	}
	return n;
}

static void list(void)
{
	unsigned n = external_own_wanted() ? list_own(false) + list_own(true) : 0;

	agent_send(CONTROL_LIST_END, "%u", n + external_list());
}

static const struct agent_test *find(const char *name)
{
	const struct agent_test *const *t;

	for (t = __start_agent_tests; t < __stop_agent_tests; t++)
		if (!strcmp((*t)->name, name))
			return *t;
	return NULL;
}

/* A name that nobody knows fails, so that a misspelt test cannot pass. */
static void run(const char *name)
{
	const struct agent_test *t = external_own_wanted() ? find(name) : NULL;

	agent_begin(name);
	if (t)
		t->run();
	else if (!external_run(name))
		agent_fail(AGENT_HERE, "no test of that name");
	agent_end(name);
}

static void run_wanted(const char *patterns, bool last)
{
	const struct agent_test *const *t;

	for (t = __start_agent_tests; t < __stop_agent_tests; t++)
		if ((*t)->last == last && script_wants(patterns, (*t)->name))
			run((*t)->name);
}

/* A script does not know the names: its patterns choose among the tests, in the order of the list.
 */
static void run_script(const char *patterns)
{
	const char *name;

	if (external_own_wanted()) {
		run_wanted(patterns, false);
		run_wanted(patterns, true);
	}
	for (unsigned i = 0; (name = external_name(i)); i++)
		if (script_wants(patterns, name))
			run(name);
}

/* ---- the end ---- */

static volatile sig_atomic_t asked_how, asked;

void agent_asked(int how)
{
	asked_how = how;
	asked = true;
}

bool agent_is_asked(void)
{
	return asked;
}

/* An answer from the harness means that all before the question has come. */
void agent_leave_if_asked(void)
{
	char answer[CONTROL_MAX];

	if (!asked)
		return;
	agent_host("echo", answer, sizeof(answer));
	agent_drain_console();
	reboot(asked_how);
}

/* BYE_ACK is answered, so that the harness has it before the machine and its rings are gone. */
static NORETURN void leave(void)
{
	struct control_frame f;

	agent_send(CONTROL_BYE_ACK, "%s", "");
	do
		port_next(&f);
	while (f.type != CONTROL_BYE_ACK);
	port_power_off("all done");
}

void agent_serve(void)
{
	struct control_frame f;

	agent_send(CONTROL_HELLO, "linux\t1");
	for (;;) {
		port_next(&f);
		if (f.type == CONTROL_SELECT)
			external_select(f.payload);
		else if (f.type == CONTROL_LIST)
			list();
		else if (f.type == CONTROL_RUN && port_has_script())
			run_script(f.payload);
		else if (f.type == CONTROL_RUN)
			run(f.payload);
		else if (f.type == CONTROL_EXEC)
			exec_command(f.payload);
		else if (f.type == CONTROL_BYE)
			leave();
	}
}
