/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A machine that QEMU can save: every CPU is out of its guest and stays in the monitor. QEMU loads
 * no CPU that was saved inside of a guest (7.2 to 11.1, target/i386/machine.c, cpu_post_load()).
 *
 * The host asks by MACHINE_QUIESCE_PORT, in runs with the option `quiesce` only: guests have no
 * such port (dev/ports.c). What was saved goes on, in whichever QEMU has loaded it, when the host
 * lets go. abi/machine.h has the words of the dialogue.
 */
#include "machine/cpu/vcpu.h"

/* CPU 0, each QUIESCE_LOOK_MS: serves the host's request, if there is one. Returns when the host
 * has let go, or at once. */
void quiesce_look(void);
#define QUIESCE_LOOK_MS 10

extern uint32_t quiesce_asked; /* the request that is served; 0: none. Atomic; CPU 0 writes it */
void quiesce_stay(struct vcpu *v);

/* v's CPU, out of machine_run: while CPU 0 keeps the machine quiet it stays here. */
static inline void quiesce_serve(struct vcpu *v)
{
	if (__atomic_load_n(&quiesce_asked, __ATOMIC_ACQUIRE))
		quiesce_stay(v);
}
