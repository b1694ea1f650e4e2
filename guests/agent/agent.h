/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The guest's test agent: PID 1 of the initramfs. It speaks abi/control.h on the control port
 * (port.h), lists the tests that register themselves here, and runs the ones the harness asks for.
 */
#include "base/types.h"

struct agent_test {
	const char *name;
	const char *shows; /* one line: what is true when it passes */
	void (*run)(void);
	bool last; /* runs behind all others: it leaves the kernel weaker, or judges what they did
		    */
};

#define AGENT_TEST(id, test_name, what)      AGENT_TEST_ORDERED(id, test_name, what, false)
#define AGENT_TEST_LAST(id, test_name, what) AGENT_TEST_ORDERED(id, test_name, what, true)

#define AGENT_TEST_ORDERED(id, test_name, what, last_)                                             \
	static void id(void);                                                                      \
	static const struct agent_test agent_test_##id = {test_name, what, id, last_};             \
	static const struct agent_test *const agent_entry_##id SECTION("agent_tests") =            \
		&agent_test_##id;                                                                  \
	static void id(void)

/* ---- report.c: all of it goes out as frames; a failed check is noted and the test goes on ---- */
void agent_fail(const char *where, const char *fmt, ...) PRINTF(2, 3);
void agent_skip(const char *fmt, ...) PRINTF(1, 2); /* the reason; the test should then return */
/* The host's answer is not known: what the running test finds from here on counts for nothing, and
 * it is skipped unless it had failed before. */
void agent_unanswered(const char *request);
void agent_info(const char *key, const char *fmt, ...) PRINTF(2, 3);
void agent_log(const char *fmt, ...) PRINTF(1, 2);
/* Asks the harness (CONTROL_HOST); false when it refused or did not answer. */
bool agent_host(const char *request, char *answer, size_t size);
/* A frame of abi/control.h, cut to what one holds. */
void agent_send(uint8_t type, const char *fmt, ...) PRINTF(2, 3);
unsigned agent_failures(void); /* agent_fail() calls of the running test */
/* A test begins; it has ended, and its verdict follows from what it has reported. */
void agent_begin(const char *test);
void agent_end(const char *test);

/* ---- panic.c ---- */
bool agent_tell_panics(void); /* true: a panic of this kernel is told to QEMU's pvpanic device */
void agent_alive(void); /* call often: where it is not told, the harness hears that we still run */

/* ---- serve.c ---- */
NORETURN void agent_serve(void); /* lists and runs tests until BYE, then powers off */
/*
 * A signal asked for the end (poweroff, reboot): agent_asked() notes which reboot(2) that is, and
 * is all that the handler does. child_run() looks at it; agent_leave_if_asked() does not return
 * then, but ends the guest when the harness has all that was sent.
 */
void agent_asked(int how);
bool agent_is_asked(void);
void agent_leave_if_asked(void);

#define AGENT_STR1(x) #x
#define AGENT_STR(x)  AGENT_STR1(x)
#define AGENT_HERE    __FILE__ ":" AGENT_STR(__LINE__)

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			agent_fail(AGENT_HERE, "%s", #cond);                                       \
	} while (0)

#define CHECK_EQ(a, b)                                                                             \
	do {                                                                                       \
		unsigned long long left_ = (a), right_ = (b);                                      \
		if (left_ != right_)                                                               \
			agent_fail(AGENT_HERE, "%s == %s: %llu (0x%llx) and %llu (0x%llx)", #a,    \
				   #b, left_, left_, right_, right_);                              \
	} while (0)

/* ---- util.c ---- */
/* The file's text, at most size - 1 bytes, NUL-terminated, trailing newline cut; -1 when
 * unreadable. */
long agent_read(const char *path, char *buf, size_t size);
bool agent_write(const char *path, const char *text);
/* Wait until what was written to a serial line, or to the console, has left its UART, for ten
 * seconds at most. */
void agent_drain(int fd);
void agent_drain_console(void);
/* The kernel log's text (malloc'ed, never NULL). */
char *agent_dmesg(void);
bool agent_load_module(const char *name);
bool agent_pin(unsigned cpu); /* run the caller on that CPU only */
unsigned agent_cpus_online(void);
double agent_uptime(void);
