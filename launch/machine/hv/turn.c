/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Turns by a seed. To end one is what a host does that gives the processor to another thread, which
 * it may do at any instruction of a guest: so no seed makes a schedule that hardware could not
 * have.
 */
#include "machine/hv/turn.h"
#include "machine/host/options.h"
#include "machine/host/time.h"

#define TURN_NS      250000u
#define TURN_LEAST   1024u /* ns; twice as long, and so on, up to */
#define TURN_DOUBLES 8u

/* The finalizer of SplitMix64 (Steele, Lea, Flood 2014), so that near seeds have nothing in common.
 */
static uint64_t first_dice(uint64_t seed, unsigned index)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ull + index + 1;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return (x ^ x >> 31) | 1;
}

/* xorshift64 (Marsaglia 2003) */
static uint64_t throw(struct hv_vcpu * h)
{
	uint64_t x = h->turn_dice ? h->turn_dice : first_dice(host_options.seed, h->v->index);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return h->turn_dice = x;
}

/* Short ones are as likely as long ones: a window of a few instructions wants the short ones, work
 * that must get far before it is disturbed the long ones. */
static uint64_t by_dice(uint64_t dice)
{
	uint64_t least = (uint64_t)TURN_LEAST << dice % TURN_DOUBLES;

	return least + (dice >> 32) % least;
}

uint64_t turn_ticks(struct hv_vcpu *h)
{
	uint64_t ns = host_options.seed ? by_dice(throw(h)) : TURN_NS;

	return host_tsc_khz() * ns / 1000000;
}
