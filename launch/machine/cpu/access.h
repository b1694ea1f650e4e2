/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Guest memory by linear address, for the current VMPL of a vCPU whose state is loaded. */
#include "machine/cpu/walk.h"

/* Copy n bytes; nothing is written unless all of it can be (n at most 4096). */
enum walk_status guest_read(struct vcpu *v, uint64_t linear, void *buf, unsigned n, unsigned flags,
			    struct walk *w);
enum walk_status guest_write(struct vcpu *v, uint64_t linear, const void *buf, unsigned n,
			     unsigned flags, struct walk *w);
/* The bytes at CS:RIP, at most 15, fewer when the next page cannot be fetched. 0 when none can. */
unsigned guest_fetch(struct vcpu *v, uint8_t bytes[15]);
