/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The descriptor of pending interrupts: GHCB draft of 2025, extended interrupt information. As long
 * as one vector is all there is, status holds it. With a second one MANY is set and irr[] counts,
 * and the vector in status only if it is level-triggered.
 */
#include "lib/vapic/extint.h"

#define FIRST_MANY 31 /* lower vectors have no bit */

static uint32_t status_of(const struct hv_doorbell_vmpl *d)
{
	return __atomic_load_n(&d->status, __ATOMIC_SEQ_CST);
}

static bool change(struct hv_doorbell_vmpl *d, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&d->status, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static void set(uint32_t *word, uint32_t bits)
{
	__atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST);
}

static uint8_t vector_of(uint32_t status)
{
	return status & DOORBELL_VMPL_VECTOR;
}

/* Vector 31 has its bit in status, the others theirs in irr[]. */
static void set_many(struct hv_doorbell_vmpl *d, uint8_t vector)
{
	if (vector >= 32)
		set(&d->irr[vector / 32 - 1], 1u << vector % 32);
	else if (vector == FIRST_MANY)
		set(&d->status, DOORBELL_VMPL_31);
}

/* The bits stand before MANY says that they count. A VMPL0 that has seen MANY in between, and found
 * no bit, is told once more. */
static void add(struct hv_doorbell_vmpl *d, uint8_t one, uint8_t other)
{
	set_many(d, one);
	set_many(d, other);
	set(&d->status, DOORBELL_VMPL_MANY);
}

/* The edge-triggered vector in status moves to irr[], which alone counts from here on. */
static bool make_many(struct hv_doorbell_vmpl *d, uint32_t status, uint32_t shown, uint8_t vector)
{
	uint8_t moved = status & DOORBELL_VMPL_LEVEL ? 0 : vector_of(status);
	uint32_t kept = moved ? status & ~DOORBELL_VMPL_VECTOR : status;

	if ((moved && moved < FIRST_MANY) || (vector && vector < FIRST_MANY))
		return false;
	if (!change(d, status, kept | DOORBELL_VMPL_MANY | shown))
		return false;
	add(d, moved, vector);
	return true;
}

static bool post_edge(struct hv_doorbell_vmpl *d, uint32_t status, uint8_t vector)
{
	bool level = status & DOORBELL_VMPL_LEVEL;

	if (!level && !(status & DOORBELL_VMPL_MANY)) {
		if (vector_of(status) == vector)
			return true; /* requested once more before it was taken */
		if (!vector_of(status))
			return change(d, status, status | vector);
	}
	return make_many(d, status, 0, vector);
}

static bool post_level(struct hv_doorbell_vmpl *d, uint32_t status, uint8_t vector)
{
	uint32_t shown = DOORBELL_VMPL_LEVEL | vector;

	if (status & DOORBELL_VMPL_LEVEL)
		return false;
	if (status & DOORBELL_VMPL_MANY)
		return change(d, status, (status & ~DOORBELL_VMPL_VECTOR) | shown);
	if (vector_of(status))
		return make_many(d, status, shown, 0);
	return change(d, status, status | shown);
}

#define TRIES 4 /* each fails only because VMPL0 has taken something */

bool extint_post(struct hv_doorbell_vmpl *d, uint8_t vector, bool level)
{
	for (unsigned i = 0; i < TRIES; i++) {
		uint32_t status = status_of(d);

		if (level ? post_level(d, status, vector) : post_edge(d, status, vector))
			return true;
	}
	return false;
}

void extint_post_nmi(struct hv_doorbell_vmpl *d)
{
	set(&d->status, DOORBELL_VMPL_NMI);
}

static uint32_t take(uint32_t *word)
{
	return __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST);
}

struct extint_taken extint_take(struct hv_doorbell_vmpl *d)
{
	uint32_t status = take(&d->status);
	bool level = status & DOORBELL_VMPL_LEVEL, many = status & DOORBELL_VMPL_MANY;
	uint8_t vector = level || !many ? vector_of(status) : 0;
	struct extint_taken t = {.nmi = status & DOORBELL_VMPL_NMI};

	for (unsigned i = 0; i < 8; i++)
		t.isr[i] = take(&d->isr[i]);
	for (unsigned i = 1; i < 8; i++)
		t.irr[i] = take(&d->irr[i - 1]) & (many ? ~0u : 0);
	if (many && (status & DOORBELL_VMPL_31))
		t.irr[0] |= DOORBELL_VMPL_31;
	t.irr[vector / 32] |= 1u << vector % 32;
	t.irr[0] &= 0xffff0000;
	t.isr[0] &= 0xffff0000;
	if (level && vector >= 16)
		t.level = vector;
	return t;
}
