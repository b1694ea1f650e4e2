/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What comes of an exit. exits_handle() does what every exit needs and asks guard_exits[] for the
 * rest; the other functions are entries for that table. Each takes the vCPU right after the exit
 * and returns RESUME or an enum machine_exit.
 */
#include "machine/cpu/vcpu.h"

int exits_handle(struct vcpu *v);

int exits_interrupt(struct vcpu *v); /* a physical interrupt or NMI */
int exits_window(struct vcpu *v);    /* the guest can take an interrupt: machine_want_window() */
int exits_halt(struct vcpu *v);      /* HLT */
int exits_pause(struct vcpu *v);     /* PAUSE */
int exits_shutdown(struct vcpu *v);  /* triple fault */
