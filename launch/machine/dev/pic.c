/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/pic.h"
#include "lib/spinlock.h"

#define ICW1       BIT(4)
#define ICW1_ICW4  BIT(0)
#define ICW1_ALONE BIT(1) /* no ICW3 */

/* How many words of an initialisation are still to come at the mask's port, ICW2 first. */
static struct pic {
	uint8_t mask, words;
} pics[2];
static struct spinlock lock;

static struct pic *find(uint16_t port)
{
	return &pics[(port & ~1u) == PIC_SLAVE];
}

/* The command's port reads IRR or ISR. */
uint8_t pic_in(uint16_t port)
{
	return port & 1 ? READ_ONCE(find(port)->mask) : 0;
}

static void write(struct pic *p, bool command, uint8_t value)
{
	if (command && (value & ICW1)) {
		p->mask = 0;
		p->words = 1 + !(value & ICW1_ALONE) + (value & ICW1_ICW4);
	} else if (!command && p->words) {
		p->words--;
	} else if (!command) {
		p->mask = value;
	}
}

void pic_out(uint16_t port, uint8_t value)
{
	spin_lock(&lock);
	write(find(port), !(port & 1), value);
	spin_unlock(&lock);
}
