/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* libFuzzer's custom mutator for rows of TPM commands: half of the time what the guest's fuzzer
 * does (mutate.h), else whole commands come, go and change places, or libFuzzer changes bytes. */
#include <string.h>
#include "bare/vtpmfuzz/mutate.h"
#include "bare/vtpmfuzz/tpm_record.h"
#include "seeds.h"

#define RECORDS_MAX 16

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* An input taken apart; heads as they were. */
static struct piece {
	uint8_t how;
	uint32_t len;
	uint8_t data[RECORD_MAX];
} pieces[RECORDS_MAX];
static unsigned count;

static void take_apart(const uint8_t *data, size_t size)
{
	struct record r;
	size_t at = 0, head = 0;

	for (count = 0; count < RECORDS_MAX && record_next(data, size, &at, &r); head = at) {
		pieces[count].how = data[head];
		pieces[count].len = r.len;
		memcpy(pieces[count++].data, r.data, r.len);
	}
}

static size_t put_together(uint8_t *data, size_t room)
{
	size_t at = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct piece *p = &pieces[i];

		if (room - at < RECORD_HEAD + p->len)
			break;
		data[at] = p->how;
		data[at + 1] = (uint8_t)(p->len >> 8);
		data[at + 2] = (uint8_t)p->len;
		memcpy(data + at + RECORD_HEAD, p->data, p->len);
		at += RECORD_HEAD + p->len;
	}
	return at;
}

static void make_room_at(unsigned i)
{
	if (count == RECORDS_MAX)
		count--;
	memmove(&pieces[i + 1], &pieces[i], (count - i) * sizeof(pieces[0]));
	count++;
}

/* The commands of a seed, put in at i */
static void insert_seed(struct mutate_rng *r, unsigned i)
{
	const struct record_seed *s = &seeds[mutate_below(r, ARRAY_LEN(seeds))];
	struct record c;
	size_t at = 0, head = 0;

	for (; i < RECORDS_MAX && record_next(s->data, s->size, &at, &c); i++, head = at) {
		make_room_at(i);
		pieces[i] = (struct piece){.how = s->data[head], .len = c.len};
		memcpy(pieces[i].data, c.data, c.len);
	}
}

static void change_row(struct mutate_rng *r)
{
	unsigned i = mutate_below(r, count);

	switch (mutate_below(r, 4)) {
	case 0:
		insert_seed(r, i);
		break;
	case 1:
		make_room_at(i);
		break; /* i is there twice */
	case 2:
		if (count > 1)
			memmove(&pieces[i], &pieces[i + 1], (--count - i) * sizeof(pieces[0]));
		break;
	default:
		pieces[i].how = (uint8_t)mutate_random(r);
	}
}

static void change_bytes(struct mutate_rng *r, struct piece *p)
{
	if (!p->len || mutate_below(r, 3) == 0)
		p->len = mutate_command(r, p->data, p->len, RECORD_MAX);
	else {
		p->len = (uint32_t)LLVMFuzzerMutate(p->data, p->len, RECORD_MAX);
		mutate_fix_size(r, p->data, p->len);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct mutate_rng r = {seed * 0x9e3779b97f4a7c15ull | 1};
	struct piece *p;

	take_apart(data, size);
	if (!count)
		insert_seed(&r, 0);
	if (mutate_below(&r, 4) == 0)
		change_row(&r);
	p = &pieces[mutate_below(&r, count)];
	if (mutate_below(&r, 2))
		p->len = mutate_command(&r, p->data, p->len, RECORD_MAX);
	else
		change_bytes(&r, p);
	return put_together(data, max_size);
}
