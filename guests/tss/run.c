/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A test in a process of its own, and what a check that failed says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tss/tss.h"

void tss_stop(void)
{
	exit(1);
}

/*
 * The test's process: a context of its own, the test, and an exit code that says whether a check
 * failed.
 */
static NORETURN void child(void (*test)(void))
{
	tss_open();
	test();
	Esys_Finalize(&tss);
	exit(external_failures() != 0);
}

/*
 * A test in a child, so that one that crashes or leaves by tss_stop() still has its objects removed
 * from the TPM. The parent opens the TPM only when the child is gone, because the device has one
 * user at a time.
 */
void tss_run(void (*test)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		child(test);
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		external_fail(EXTERNAL_HERE, "the test died of signal %d", WTERMSIG(status));
	tss_open();
	tss_clean_up();
	Esys_Finalize(&tss);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		exit(WEXITSTATUS(status));
}

/* A failed check names the call and both response codes. */
bool tss_expect(const char *where, const char *what, TSS2_RC got, TSS2_RC want)
{
	if (got == want)
		return true;
	external_fail(where, "%.160s: response code 0x%x, not 0x%x", what, got, want);
	return false;
}

/* As many bytes as fit, for a failure's text. */
static const char *hex(const uint8_t *bytes, size_t len, char *text, size_t room)
{
	size_t used = 0;

	text[0] = 0;
	for (size_t i = 0; i < len && used + 3 < room; i++)
		used += snprintf(text + used, room - used, "%02x", bytes[i]);
	return text;
}

bool tss_same_bytes(const char *where, const char *what, const void *a, size_t a_len, const void *b,
		    size_t b_len)
{
	char left[96], right[96];

	if (a_len == b_len && (a_len == 0 || !memcmp(a, b, a_len)))
		return true;
	external_fail(where, "%.160s differ: %zu bytes %s, %zu bytes %s", what, a_len,
		      hex(a, a_len, left, sizeof(left)), b_len,
		      hex(b, b_len, right, sizeof(right)));
	return false;
}
