/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* kvmclock's page as a guest reads the time from it. */
#include "bare/lib/pvclock.h"

void pvclock_require(void);                   /* skips the test where there is none */
uint64_t pvclock_ns(const struct pvclock *c); /* now */
uint64_t pvclock_scaled(const struct pvclock *c, uint64_t ticks); /* ns of so many ticks */
