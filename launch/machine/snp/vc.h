/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* #VC: APM vol. 2, 15.35.5. Its frame is built by hand (cpu/event/deliver.h). */
#include "machine/cpu/vcpu.h"

/* Raise #VC with this error code (an SVM exit code) at the current instruction. RESUME, or an enum
 * machine_exit when it cannot be delivered. */
int vc_raise(struct vcpu *v, uint32_t error);
