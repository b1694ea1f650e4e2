/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The table of system calls. Calls register themselves in a linker section (user/syscall.h); the
 * first process makes a table of it, indexed by number. user/process_run.c serves each SYSCALL of
 * ring 3 through it. The number is the process's choice, so it must never lead outside the table,
 * not even speculatively.
 */
#include "user/syscall.h"
#include "base/speculation.h"
#include "base/assert.h"
#include "abi/service.h"
#include "log/log.h"

#define OWN_MAX 16

extern const struct svsm_syscall __start_svsm_syscalls[], __stop_svsm_syscalls[];

static syscall_fn linux_calls[SYSCALL_LINUX_MAX], own_calls[OWN_MAX];

/* The entry of a number; NULL when it is in neither table. */
static syscall_fn *slot(uint64_t number)
{
	if (number < SYSCALL_LINUX_MAX)
		return &linux_calls[speculation_index(number, SYSCALL_LINUX_MAX)];
	number -= SERVICE_CALL_WAIT;
	return number < OWN_MAX ? &own_calls[speculation_index(number, OWN_MAX)] : NULL;
}

void syscall_init(void)
{
	for (const struct svsm_syscall *c = __start_svsm_syscalls; c < __stop_svsm_syscalls; c++) {
		syscall_fn *s = slot(c->number);

		ASSERT(s);
		WRITE_ONCE(*s, c->call); /* every CPU writes the same values */
	}
}

/* One line per process and number. All numbers beyond Linux's share the last bit, and so
 * one line. */
static void unknown(struct process *p, uint64_t number)
{
	uint64_t n = MIN(number, SYSCALL_LINUX_MAX - 1ull);
	uint64_t bit = BIT(n % 64);

	_Static_assert(sizeof(p->unknown) * 8 == SYSCALL_LINUX_MAX, "a bit for each");
	if (!(p->unknown[n / 64] & bit))
		log_warn("%s: system call %lu is unknown", p->name, number);
	p->unknown[n / 64] |= bit;
}

enum syscall_then syscall_serve(struct process *p, uint64_t number, struct syscall_args *args)
{
	syscall_fn *s = slot(number);

	if (s && *s)
		return (*s)(p, args);
	unknown(p, number);
	return syscall_error(args, SYS_ENOSYS);
}
