/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The trail: the contract is in trail.h. Each exit costs some 40 instructions, whether its line is
 * ever written or not, since a guest sees by its clock what the machine does.
 */
#include "machine/cpu/trail.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "abi/machine.h"
#include "lib/fmt.h"
#include "lib/spinlock.h"

#define LINE_MAX 128

struct record {
	uint32_t vcpu, vmpl;
	uint64_t code, rip, tsc;
};

static struct spinlock lock;
static uint64_t count, hash = 0xcbf29ce484222325ull;
static struct record
	window[MACHINE_TRAIL_EVERY + 1]; /* the last one is for all that is not asked for */

/*
 * FNV-1a by words of 64 bits (Fowler, Noll, Vo). Each step is a bijection of the hash, since the
 * prime is odd: a word that differs makes another hash, which equal words behind it keep different.
 */
static uint64_t fold(uint64_t h, uint64_t word)
{
	return (h ^ word) * 0x100000001b3ull;
}

static uint64_t fold_record(uint64_t h, const struct record *r)
{
	h = fold(h, (uint64_t)r->vcpu << 32 | r->vmpl);
	h = fold(h, r->code);
	h = fold(h, r->rip);
	return fold(h, r->tsc);
}

static void write_sum(const char *head)
{
	char line[LINE_MAX];

	log_trail(line, fmt_scnprintf(line, sizeof(line), "%s%llu %016llx\n", head,
				      (unsigned long long)count, (unsigned long long)hash));
}

static void write_exit(uint64_t n, const struct record *r)
{
	char line[LINE_MAX];

	log_trail(line, fmt_scnprintf(line, sizeof(line),
				      "exit %llu vcpu %u vmpl %u code 0x%llx rip 0x%llx tsc %llu\n",
				      (unsigned long long)n, r->vcpu, r->vmpl,
				      (unsigned long long)r->code, (unsigned long long)r->rip,
				      (unsigned long long)r->tsc));
}

/* Where the record of the next exit goes. No branch: whether it is asked for costs nothing. */
static uint64_t slot(void)
{
	uint64_t at = count - host_options.trail_from,
		 inside = -(uint64_t)(at < MACHINE_TRAIL_EVERY);

	return (at & inside) | (MACHINE_TRAIL_EVERY & ~inside);
}

static void write_window(void)
{
	uint64_t from = host_options.trail_from;

	for (uint64_t n = from; n < count && n - from < MACHINE_TRAIL_EVERY; n++)
		write_exit(n + 1, &window[n - from]);
}

void trail_exit(const struct vcpu *v, uint64_t code, uint64_t rip, uint64_t tsc)
{
	struct record r = {v->index, v->vmpl, code, rip, tsc};

	spin_lock(&lock);
	window[slot()] = r;
	hash = fold_record(hash, &r);
	count++;
	if (count % MACHINE_TRAIL_EVERY == 0)
		write_sum("");
	spin_unlock(&lock);
}

void trail_end(void)
{
	log_trail("\n", 1);
	write_window();
	write_sum("end ");
}
