/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A hash table for each vCPU, so that counting takes no lock; they are added up when they are
 * printed. A boot of Linux has some 300 different causes on each vCPU.
 */
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/exit_count.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/phase.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/log.h"
#include "machine/host/mem/pool.h"
#include "machine/host/options.h"
#include "machine/host/time.h"
#include "base/x86.h"
#include "lib/fmt.h"
#include "lib/string.h"

#define ROWS     1024 /* a power of two */
#define NAME_MAX 96

struct row {
	struct row_key {
		const struct exit_class *class; /* NULL: the exit says it all */
		uint32_t what;
		uint8_t phase, vmpl, user, slot;
	} key;
	uint64_t count, ticks;
};
_Static_assert(sizeof(struct row_key) == 16, "keys are compared as bytes: no padding");

struct exit_causes {
	struct row_key now;                    /* the exit in hand */
	uint64_t since;                        /* its TSC; 0: none is in hand */
	uint64_t lost;                         /* exits for which there was no row left */
	uint64_t seen[VMPL_COUNT][EXIT_SLOTS]; /* read by CPU 0 meanwhile */
	struct row rows[ROWS];
};

#define TABLE_PAGES ((sizeof(struct exit_causes) + PAGE_MASK) / PAGE_SIZE)

void exit_cause_init(struct vcpu *v)
{
	if (host_options.stats)
		v->causes = host_pages_try(TABLE_PAGES);
}

static unsigned hash(const struct row_key *k)
{
	uint64_t words[2], h;

	memcpy(words, k, sizeof(words));
	h = words[0] * 0x9e3779b97f4a7c15ull ^ words[1] * 0xc2b2ae3d27d4eb4full;
	return (unsigned)(h >> 40) % ROWS;
}

static void add(struct exit_causes *e, const struct row_key *k, uint64_t count, uint64_t ticks)
{
	unsigned at = hash(k);

	for (unsigned i = 0; i < ROWS; i++, at = (at + 1) % ROWS) {
		struct row *r = &e->rows[at];

		if (r->count && memcmp(&r->key, k, sizeof(*k)) != 0)
			continue;
		r->key = *k;
		r->count += count;
		r->ticks += ticks;
		return;
	}
	e->lost += count;
}

void exit_cause_open(struct vcpu *v, unsigned slot)
{
	struct exit_causes *e = v->causes;
	bool user = vcpu_ctx(v)->vmcb->cpl == 3;

	WRITE_ONCE(e->seen[v->vmpl][slot], e->seen[v->vmpl][slot] + 1);
	e->since = rdtsc();
	e->now = (struct row_key){.phase = (uint8_t)READ_ONCE(phase_now),
				  .vmpl = v->vmpl,
				  .user = user,
				  .slot = (uint8_t)slot};
	guard_cause(v);
}

void exit_cause_name(struct exit_causes *e, const struct exit_class *class, uint32_t what)
{
	if (!e->since)
		return;
	e->now.class = class;
	e->now.what = what;
	for (unsigned i = 0; i < class->count; i++)
		if (what >= class->groups[i].first && what <= class->groups[i].last)
			e->now.what = class->groups[i].first;
}

void exit_cause_close(struct exit_causes *e)
{
	if (!e->since)
		return;
	add(e, &e->now, 1, rdtsc() - e->since);
	e->since = 0;
}

unsigned exit_cause_slot(const struct exit_causes *e)
{
	return e->now.slot;
}

uint64_t exit_cause_seen(const struct exit_causes *e, unsigned vmpl, unsigned slot)
{
	return READ_ONCE(e->seen[vmpl][slot]);
}

static const char *group_name(const struct row_key *k)
{
	for (unsigned i = 0; k->class && i < k->class->count; i++)
		if (k->what == k->class->groups[i].first)
			return k->class->groups[i].name;
	return NULL;
}

/* ".REASON", then ".CAUSE" where there is one. */
static void name(char text[NAME_MAX], const struct row_key *k)
{
	const char *reason = exit_count_name(k->slot), *group = group_name(k);
	char number[16];
	size_t n;

	fmt_snprintf(number, sizeof(number), "0x%x", k->slot);
	fmt_snprintf(text, NAME_MAX, "%s", reason ? reason : number);
	if (!k->class)
		return;
	fmt_snprintf(number, sizeof(number), "0x%x", k->what);
	n = strlen(text);
	fmt_snprintf(text + n, NAME_MAX - n, ".%s%s", k->class->prefix, group ? group : number);
}

static void print_row(const struct row *r, uint64_t khz)
{
	char text[NAME_MAX];

	name(text, &r->key);
	host_log("stats: cause.%s.vmpl%u.cpl%u.%s %llu %llu", phase_name(r->key.phase), r->key.vmpl,
		 r->key.user ? 3 : 0, text, (unsigned long long)r->count,
		 (unsigned long long)(r->ticks * 1000 / khz));
}

/* Each phase that was reached lasted until the next one that was, or until now. */
static void print_phases(uint64_t khz)
{
	uint64_t end = rdtsc();

	for (unsigned p = PHASE_COUNT; p-- > 0;) {
		uint64_t since = phase_since(p);

		if (!since)
			continue;
		host_log("stats: phase.%s_us %llu", phase_name(p),
			 (unsigned long long)((end - since) * 1000 / khz));
		end = since;
	}
}

/* The other CPUs still run: what they count meanwhile is theirs. */
static void merge(struct exit_causes *sum, struct exit_causes *e)
{
	if (e->since)
		add(e, &e->now, 1, 0);
	for (unsigned i = 0; i < ROWS; i++)
		if (e->rows[i].count)
			add(sum, &e->rows[i].key, e->rows[i].count, e->rows[i].ticks);
	sum->lost += e->lost;
}

void exit_cause_print(void)
{
	struct exit_causes *sum = host_options.stats ? host_pages_try(TABLE_PAGES) : NULL;
	uint64_t khz = host_tsc_khz();

	if (!sum)
		return;
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		if (machine_vcpus[i]->causes)
			merge(sum, machine_vcpus[i]->causes);
	print_phases(khz);
	for (unsigned i = 0; i < ROWS; i++)
		if (sum->rows[i].count)
			print_row(&sum->rows[i], khz);
	if (sum->lost)
		host_log("stats: cause.lost %llu", (unsigned long long)sum->lost);
	host_pages_free(sum, TABLE_PAGES);
}
