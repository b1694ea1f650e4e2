/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/debugcon.h"
#include "abi/q35.h"
#include "lib/spinlock.h"

static struct spinlock lock;

bool debugcon_at(uint16_t port)
{
	return port == Q35_DEBUGCON_PORT;
}

/* TCG makes an access of its own of each byte, between which another CPU's would come. */
void debugcon_out_string(const uint8_t *data, size_t n)
{
	spin_lock(&lock);
	__asm__ volatile("rep outsb"
			 : "+S"(data), "+c"(n)
			 : "d"((uint16_t)Q35_DEBUGCON_PORT)
			 : "memory");
	spin_unlock(&lock);
}
