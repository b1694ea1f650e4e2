/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Exits by reason: vcpu.exits[]. */

void machine_stats(void);                   /* one log line for each reason, all vCPUs together */
const char *exit_count_name(unsigned slot); /* of vcpu.exits[]; NULL: it has none */
