/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The life of a vCPU. */
#include "machine/cpu/vcpu.h"

NORETURN void hv_vcpu_main(struct vcpu *v); /* entered on CPU index + 1, IF=0 */
