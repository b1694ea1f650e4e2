/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a vCPU was last seen at, for the reports of those who wait for it in vain. */
#include "machine/cpu/vcpu.h"

#define SEEN_MAX 160

struct seen {
	char text[SEEN_MAX];
};

/* Called from any CPU while v runs: in its guest or out of it, the VMPL, where and how long ago it
 * was entered last, and by which exit it had come back before. The values are read one by one, so
 * they may belong to two entries that follow each other. */
struct seen seen(const struct vcpu *v);
