/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How a target ended, as one number and one line. QEMU's exit status is the only thing that
 * survives a machine: on the native platform the monitor chooses it (abi/machine.h), elsewhere
 * QEMU's own status says little.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "abi/machine.h"
#include "harness/core/exitcode.h"
#include "harness/core/util.h"

/* What the monitor says by its exit code, and what the harness makes of it. */
static const struct {
	int status;
	int code;
	const char *reason;
} native_ends[] = {
	{MACHINE_END_OFF, CODE_PASSED, "powered off"},
	{MACHINE_END_GUEST_PANIC, CODE_GUEST,
	 "triple fault, termination or broken protocol below VMPL0"},
	{MACHINE_END_SVSM_PANIC, CODE_SVSM, "it terminated, faulted or broke the protocol"},
	{MACHINE_END_MONITOR, CODE_MONITOR, "the monitor gave up"},
	{MACHINE_END_BAD_IGVM, CODE_HOST, "the monitor refused the IGVM file"},
	{MACHINE_END_RESET, CODE_GUEST, "the guest asked for a reset"},
};

/*
 * A target may have written part of the reason, and a reason goes to terminals and into XML:
 * only printable ASCII is kept.
 */
void outcome_set(struct outcome *o, int code, char *reason)
{
	free(o->reason);
	o->code = code;
	o->reason = str_ascii(reason);
}

/*
 * isa-debug-exit doubles the code that a guest writes and sets bit 0, so that no guest can end
 * QEMU with status 0.
 */
static int exit_status(int code)
{
	return code << 1 | 1;
}

bool outcome_native_reset(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == exit_status(MACHINE_END_RESET);
}

static void native_exit(struct outcome *o, int status)
{
	for (size_t i = 0; i < ARRAY_LEN(native_ends); i++) {
		if (status != exit_status(native_ends[i].status))
			continue;
		outcome_set(o, native_ends[i].code, str_dup(native_ends[i].reason));
		return;
	}
	/* The guest's power off and reset end with codes of their own, so this was host mode. */
	if (status == 0)
		outcome_set(o, CODE_MONITOR,
			    str("the machine stopped by itself: the monitor took a triple fault or "
				"QEMU was told to quit"));
	else
		outcome_set(o, CODE_HOST, str("QEMU ended with status %d (see qemu.log)", status));
}

void outcome_of_qemu(struct outcome *o, int status, bool native)
{
	if (WIFSIGNALED(status))
		outcome_set(o, CODE_HOST,
			    str("QEMU was ended by signal %d (%s)", WTERMSIG(status),
				strsignal(WTERMSIG(status))));
	else if (native)
		native_exit(o, WEXITSTATUS(status));
	else if (WEXITSTATUS(status) == 0)
		outcome_set(o, CODE_PASSED, str("powered off"));
	else
		outcome_set(o, CODE_HOST,
			    str("QEMU ended with status %d (see qemu.log)", WEXITSTATUS(status)));
}

char *outcome_text(const struct outcome *o)
{
	return str("%s: %s", exitcode_name(o->code), o->reason ? o->reason : "");
}

/*
 * The place of a code in the order of exitcode_worse(). Signals are not listed and count as
 * gravest: the user wanted the program to end, and what the tests said until then is
 * incomplete.
 */
static int gravity(int code)
{
	static const int order[] = {CODE_PASSED,  CODE_FAILED, CODE_USAGE, CODE_HOST,
				    CODE_TIMEOUT, CODE_GUEST,  CODE_SVSM,  CODE_MONITOR};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (order[i] == code)
			return (int)i;
	return 100;
}

int exitcode_worse(int a, int b)
{
	return gravity(a) >= gravity(b) ? a : b;
}

/* The word that stands before the reason in every report. */
const char *exitcode_name(int code)
{
	static const char *const names[] = {"passed",        "failed",      "usage",
					    "host problem",  "guest panic", "SVSM panic",
					    "monitor fault", "time-out"};

	return code >= 0 && (size_t)code < ARRAY_LEN(names) ? names[code] : "interrupted";
}
