/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the launch has loaded into the firmware's pages, from MACHINE_FIRMWARE_BASE to 4 GiB. QEMU
 * has the file in the shared page of each, and the encrypted copy is another one: what the guest
 * writes there is never seen in the shared one.
 */
#include "base/addr.h"

/* The page at g is as the launch has loaded it. CPU 0, before any guest runs. */
void kept_save(gpa_t g);
/* The n pages from g on, all of them saved, get what they had then. */
void kept_restore(gpa_t g, unsigned n);
