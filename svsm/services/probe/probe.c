/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The program that the self-tests of user mode run. The name under which the kernel creates it
 * says what it has to do; see struct deed. It uses no C library, so that it can break things that
 * a C library needs.
 */
#include "services/probe/call.h"

#define NOT_KNOWN 0xee
#define BAD_STACK 0xed

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static const char *after_colon(const char *s)
{
	while (*s && *s != ':')
		s++;
	return *s ? s + 1 : s;
}

static const struct deed *find(const char *name)
{
	const struct deed *const tables[] = {fault_deeds, check_deeds, call_deeds, spin_deeds};

	for (unsigned i = 0; i < ARRAY_LEN(tables); i++)
		for (const struct deed *d = tables[i]; d->name; d++)
			if (same(d->name, name))
				return d;
	return NULL;
}

/* The stack as the psABI (3.4.1) has it: argc, argv[0], NULL, environment, NULL, auxiliary
 * vector. */
static int run(const uint64_t *stack)
{
	const struct deed *d;

	if ((uint64_t)stack % 16 || stack[0] != 1 || stack[2] || stack[3])
		return BAD_STACK;
	d = find(after_colon((const char *)stack[1]));
	return d ? d->run() : NOT_KNOWN;
}

/* Called by start.S. */
NORETURN void probe_main(const uint64_t *stack);
NORETURN void probe_main(const uint64_t *stack)
{
	int status = run(stack);

	for (;;)
		call(NR_EXIT_GROUP, (unsigned)status & 0xff, 0, 0);
}
