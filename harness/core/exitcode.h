/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The program's exit codes (a contract: CI and scripts read them), and how QEMU's own status,
 * abi/machine.h, becomes one.
 */
#include "base/types.h"

enum exit_code {
	CODE_PASSED = 0,
	CODE_FAILED = 1, /* a test failed */
	CODE_USAGE = 2,
	CODE_HOST = 3,    /* tool missing, QEMU did not start, wrong version, file refused */
	CODE_GUEST = 4,   /* guest panic, triple fault, termination or unasked reset */
	CODE_SVSM = 5,    /* SVSM panic or termination */
	CODE_MONITOR = 6, /* the monitor itself failed */
	CODE_TIMEOUT = 7,
	CODE_SIGNAL = 128, /* + the signal's number: the harness was told to stop */
};

/* How a target ended. reason is malloc'ed text, never NULL once it is over. */
struct outcome {
	int code; /* CODE_PASSED: it powered off as asked */
	char *reason;
};

void outcome_set(struct outcome *o, int code, char *reason);
/* status is waitpid()'s; native says whether abi/machine.h applies. */
void outcome_of_qemu(struct outcome *o, int status, bool native);
/* On native: the status says that the guest asked for a reset. */
bool outcome_native_reset(int status);
/* "guest panic: the reason" (malloc'ed) */
char *outcome_text(const struct outcome *o);
/* The graver of two exit codes: signal, 6, 5, 4, 7, 3, 2, 1, 0. */
int exitcode_worse(int a, int b);
const char *exitcode_name(int code);
