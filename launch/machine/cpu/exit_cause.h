/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Exits by what caused them, for the option stats: how often each came, and how long the monitor
 * had it in hand. A record is opened at the exit, named by whoever knows more of it (the last one
 * wins), and closed right before the next VMRUN or sleep. Everything acts on v's own CPU and is no
 * more than the test of a pointer without the option.
 */
#include "machine/cpu/vcpu.h"

/* Numbers first to last, both included, count as one cause of that name. */
struct exit_group {
	uint32_t first, last;
	const char *name;
};

/* A sort of causes: what the number is. Its groups do not overlap; a number that is in none of them
 * is a cause of its own, and printed in hex. Who names exits has one, for ever. */
struct exit_class {
	const char *prefix; /* of every name, such as "out_" */
	const struct exit_group *groups;
	unsigned count;
};
#define EXIT_CLASS(prefix_, groups_)                                                               \
	{                                                                                          \
		.prefix = (prefix_), .groups = (groups_), .count = ARRAY_LEN(groups_)              \
	}

struct exit_causes;

/* v's table, when the option is given. CPU 0, before the guests run. */
void exit_cause_init(struct vcpu *v);
/* The "stats: cause.*" and "stats: phase.*" lines of all vCPUs; at the end of a run. What is still
 * open is counted, without its time. */
void exit_cause_print(void);

void exit_cause_open(struct vcpu *v, unsigned slot); /* of vcpu.exits[]; v->causes is there */
void exit_cause_name(struct exit_causes *e, const struct exit_class *class, uint32_t what);
void exit_cause_close(struct exit_causes *e);
unsigned exit_cause_slot(const struct exit_causes *e); /* of the record that is open, or was last */
/* Exits of that slot and VMPL up to now; any CPU. */
uint64_t exit_cause_seen(const struct exit_causes *e, unsigned vmpl, unsigned slot);

/* Exit slot has just happened to the current VMPL. */
static inline void exit_cause_begin(struct vcpu *v, unsigned slot)
{
	if (v->causes)
		exit_cause_open(v, slot);
}

/* It came of that. Does nothing when no record is open. */
static inline void exit_cause(struct vcpu *v, const struct exit_class *class, uint32_t what)
{
	if (v->causes)
		exit_cause_name(v->causes, class, what);
}

/* The same, where the exit in hand is of that slot: an interrupt may be taken with any other. */
static inline void exit_cause_of(struct vcpu *v, unsigned slot, const struct exit_class *class,
				 uint32_t what)
{
	if (v->causes && exit_cause_slot(v->causes) == slot)
		exit_cause_name(v->causes, class, what);
}

/* The monitor is done with it. Does nothing when no record is open. */
static inline void exit_cause_end(struct vcpu *v)
{
	if (v->causes)
		exit_cause_close(v->causes);
}
