/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Exceptions the machine raises in a guest through EVENTINJ, and what ends machine_run. */
#include "machine/cpu/walk.h"

/* RESUME, or an enum machine_exit that ends machine_run */
#define RESUME (-1)

/* Inject an exception; the state must not hold an event already. error is ignored for vectors that
 * push none. */
void event_exception(struct vmcb *m, uint8_t vector, uint32_t error);
/* Raise what a failed access to guest memory calls for: #PF, #VC 0x404, or the end of the run. */
int event_access(struct vcpu *v, enum walk_status s, const struct walk *w);
/* A private access, or an RMP instruction, met the shared page at g: the hypervisor may make it
 * private, and the access is made again (APM vol. 2, 15.36.10). */
int event_shared(struct vcpu *v, gpa_t g);
/* A shared access met the private page at g: the hypervisor may make it shared, and the access is
 * made again. What was in it is then lost, so with the option strict it ends the run. */
int event_private(struct vcpu *v, gpa_t g);
/* End the run: why is a constant string, at the address it is about (0 when none). */
int event_fault(struct vcpu *v, const char *why, uint64_t at);
