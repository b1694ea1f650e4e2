/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Interrupt vectors that VMPL0 uses itself. Exceptions have theirs from base/x86_desc.h. */

#define TIMER_VECTOR    0xf0 /* the end of a turn of ring 3 */
#define NOTIFY_VECTOR   0xf1 /* there is something for the guest whose APIC svsm/apic emulates */
#define SPURIOUS_VECTOR 0xff
