/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The system call instruction for a service's calls of its own (abi/service.h). Unit tests of
 * services link a service_call() of theirs instead of this file.
 */
#include "services/lib/service.h"

int64_t service_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	int64_t r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return r;
}
