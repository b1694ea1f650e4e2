/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "machine/host/host.h"

unsigned fwcfg_cpus(void); /* how many CPUs QEMU started with */
