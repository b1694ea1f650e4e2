/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Nested page faults. */
#include "machine/cpu/vcpu.h"

/* The exit SVM_EXIT_NPF. RESUME, or an enum machine_exit. */
int npf_handle(struct vcpu *v);
