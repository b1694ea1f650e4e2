/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Has the guest's kernel panicked? Anybody may write "Kernel panic" to a console, so that line is
 * only a hint. What decides, in this order:
 * - pvpanic: the kernel told QEMU's device; a guest whose driver is loaded (INFO pvpanic) and that
 *   did not tell has not panicked, whatever the console says
 * - the agent goes on talking: no panic
 * - silence: neither the agent nor the console says anything for PANIC_SILENCE_MS: a panic
 * - the end: the machine resets, powers off or faults before the agent has said anything: a panic
 *
 * Times are those of the session's watch, so they stand still while the harness does.
 */
#include "base/types.h"

/* An agent that says something so long after the hint outlived it: a panic stops the other CPUs
 * within seconds (Linux 6.12, arch/x86/kernel/smp.c: one for each try). */
#define PANIC_REFUTED_MS 3000u
/* The agent of a guest without pvpanic says something every two seconds (control.h: ALIVE). */
#define PANIC_SILENCE_MS 30000u
/* A panicked kernel still prints its trace, and may reset by itself: until the console is quiet,
 * but no longer than that. */
#define PANIC_QUIET_MS 1500u
#define PANIC_TRACE_MS 20000u

struct panic {
	bool pvpanic; /* the guest's driver is there: its silence is an answer */
	bool kdump;   /* a crash kernel may take over: only an end of all ends the run */
	char *hint;   /* what the console said; NULL: nothing, or it was refuted */
	uint64_t hint_at, console_at, agent_at, told_at; /* ms; 0: never */
	bool told, crash_loaded; /* pvpanic's events: the end, or a crash kernel takes over */
};

/* A line of the console that says so. Taken over. */
void panic_hint(struct panic *p, char *line, uint64_t now);
/* The target has sent a frame; the console has grown; what QEMU has heard of pvpanic so far. */
void panic_agent(struct panic *p, uint64_t now);
void panic_console(struct panic *p, uint64_t now);
void panic_events(struct panic *p, bool panicked, bool crash_loaded, uint64_t now);

/* NULL, or why the run ends now (malloc'ed). limit: ms of silence that the session allows. */
char *panic_verdict(const struct panic *p, uint64_t now, uint64_t limit);
/* The machine has ended. NULL, or the panic that explains it (malloc'ed); off: by a power off. */
char *panic_explains(const struct panic *p, bool off);
/* A crash kernel has taken over, as far as anybody can tell. */
bool panic_crash_kernel(const struct panic *p);
void panic_free(struct panic *p);
