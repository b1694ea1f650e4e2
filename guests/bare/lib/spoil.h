/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The pages by which the SVSM asks the hypervisor (56421: the GHCB) are shared memory, so every
 * vCPU of the guest can write them, whatever its VMPL. The second vCPU does, in one way after the
 * other, while the test on the first one goes on. smp_start() comes first. The image has to have
 * the test protocol.
 */
#include "base/types.h"

/* The last way: it stops every vCPU that asks by its page. */
#define SPOIL_HOLD 10

/* Begin with that way, which becomes the test's case. False: there are no more. */
bool spoil_begin(unsigned way);
void spoil_end(void);
