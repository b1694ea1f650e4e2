/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* How long a CPU's turn is where all CPUs share one thread of the host: irq_turn(). */
#include "machine/hv/state/state.h"

/*
 * In TSC ticks: 250 us; with a seed (host_options.seed) another length each time, from 1 to 256 us.
 * The same seed gives the same lengths to the same vCPU.
 */
uint64_t turn_ticks(struct hv_vcpu *h);
