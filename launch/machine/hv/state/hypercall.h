/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * How a guest asks its hypervisor: the one protocol that is linked answers. hv/ghcb/ is SEV-SNP's;
 * another architecture's is a folder beside it.
 */
#include "base/addr.h"
#include "machine/cpu/vcpu.h"

/* Once, on CPU 0, before any guest runs. */
void hypercall_init(void);
/* MACHINE_VMGEXIT: serve what the current VMPL of v asks for. It may be another VMPL's turn
 * afterwards, or the end of the run. */
void hypercall_serve(struct vcpu *v);
/* MACHINE_SHARED, MACHINE_PRIVATE: the page at g becomes private, unvalidated, or shared. False
 * when that cannot be. */
bool hypercall_convert(gpa_t g, bool is_private);
