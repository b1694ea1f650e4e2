/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A view of any physical address, for devices: the direct map has RAM and what lies below 4 GiB,
 * but a 64-bit BAR lies where its guest likes. Each CPU has a page of its own for it, and the one
 * behind, for an access that crosses its end.
 */
#include "base/addr.h"

void window_init(void); /* CPU 0, once, when the number of CPUs is known */
/* Uncached; good for the bytes from pa to the end of the page behind its own, until this CPU's next
 * call. */
volatile void *window_map(hpa_t pa);
