/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Long commands and patient clients, simulated: for each duration of a command, is the answer
 * collected, and how long was the client's vCPU held?
 *
 * sources: svsm/protocols/vtpm_pace.c
 */
#include "tests/native/check.h"
#include "protocols/vtpm_pace.h"

#define MS    PACE_MS
#define NEVER (~0ull)

/* A client: pause before attempt n (from 1), or NEVER when it gives up. */
typedef uint64_t (*client)(unsigned n, uint64_t spent);

/* drivers/char/tpm/tpm-interface.c: 20 ms, doubled, until it is above TPM2_DURATION_LONG */
static uint64_t linux_client(unsigned n, uint64_t spent)
{
	(void)spent;
	return n <= 7 ? (20ull << (n - 1)) * MS - MS / 4 : NEVER;
}

static uint64_t module_client(unsigned n, uint64_t spent)
{
	(void)n;
	return spent < 60000 * MS ? 2 * MS : NEVER;
}

/* A client that asks again without a pause, as a guest without a timer does. */
static uint64_t busy_client(unsigned n, uint64_t spent)
{
	(void)n;
	return spent < 60000 * MS ? MS / 10 : NEVER;
}

struct result {
	bool collected;
	unsigned attempts;
	uint64_t longest; /* held in one call */
	uint64_t held;    /* in all, but the last call */
	uint64_t spent;   /* from first attempt to answer */
};

struct machine {
	bool helper;
	bool deaf; /* the helper never takes the work */
	uint64_t left;
	uint64_t now;
};

/* One call: how long it held the vCPU. The work goes on here, or on the other CPU at the same pace.
 */
static uint64_t attempt(struct machine *m, struct vtpm_slice s, bool elsewhere)
{
	uint64_t n = elsewhere && !s.wait ? 0 : MIN(s.ns, m->left);

	m->left -= n;
	m->now += n;
	return n;
}

static void sleep_for(struct machine *m, uint64_t ns)
{
	if (m->helper && !m->deaf)
		m->left -= MIN(m->left, ns);
	m->now += ns;
}

static struct result simulate(uint64_t work, client c, bool helper, bool deaf)
{
	struct machine m = {.helper = helper, .deaf = deaf, .left = work, .now = 12345 * MS};
	struct result r = {0};
	struct vtpm_pace pace = {.last = 1, .helped = true}; /* of another command */
	uint64_t start = m.now, pause, n;
	struct vtpm_slice s = vtpm_pace_first(&pace, m.now, helper);

	for (;;) {
		n = attempt(&m, s, helper && !deaf && r.attempts);
		r.attempts++;
		r.longest = MAX(r.longest, n);
		vtpm_pace_seen(&pace, m.now);
		r.spent = m.now - start;
		if (!m.left) {
			r.collected = true;
			return r;
		}
		r.held += n;
		pause = c(r.attempts, r.spent);
		if (pause == NEVER)
			return r;
		sleep_for(&m, pause);
		CHECK(vtpm_pace_expected(&pace, m.now)); /* it is not given to another */
		s = vtpm_pace_again(&pace, m.now, helper);
	}
}

/* Durations: 1 ms to 12 s, a factor of about 1.1 apart */
#define FOR_EACH_WORK(w) for (uint64_t w = MS; w <= 12000 * MS; w += w / 10)

/* Commands that take so long that Linux gives up: no pace within PACE_LAST can help. */
#define LINUX_HELPED (10 * MS + 2538 * MS + PACE_LAST)
#define LINUX_ALONE  (1269 * MS + PACE_LAST)

TEST(linux_with_a_service_cpu)
{
	FOR_EACH_WORK(w)
	{
		struct result r = simulate(w, linux_client, true, false);

		check_context("%lu ms", (unsigned long)(w / MS));
		CHECK_EQ(r.collected, w <= LINUX_HELPED);
		CHECK(r.attempts <= 8);
		CHECK(r.attempts == 8 || r.longest <= PACE_FIRST);
		CHECK(r.longest <= PACE_LAST);
		/* up to 1.2 s it is a question of the next attempt: at most twice as long */
		CHECK(w < 30 * MS || w > 2500 * MS || r.spent <= 2 * w + 20 * MS);
		CHECK(w > 2500 * MS || r.longest <= PACE_FIRST);
	}
}

TEST(linux_alone)
{
	FOR_EACH_WORK(w)
	{
		struct result r = simulate(w, linux_client, false, false);

		check_context("%lu ms", (unsigned long)(w / MS));
		CHECK_EQ(r.collected, w <= LINUX_ALONE);
		CHECK(r.longest <= PACE_LAST);
		CHECK(w > 1260 * MS || r.longest <= PACE_SHARE);
		/* half of the time is the guest's */
		CHECK(!r.collected || r.held <= r.spent / 2 + PACE_FIRST);
	}
}

/* The hypervisor may fail to deliver the NMI that wakes the service CPU. */
TEST(linux_with_a_service_cpu_that_never_wakes)
{
	FOR_EACH_WORK(w)
	{
		struct result r = simulate(w, linux_client, true, true);

		check_context("%lu ms", (unsigned long)(w / MS));
		CHECK_EQ(r.collected, w <= 7 * PACE_FIRST + PACE_LAST);
		CHECK(r.longest <= PACE_LAST);
		CHECK(r.attempts == 8 || r.longest <= PACE_FIRST);
	}
}

TEST(quick_clients_always_get_it_and_are_never_held_long)
{
	static const client clients[] = {module_client, busy_client};

	for (unsigned i = 0; i < 8; i++) {
		client c = clients[i & 1];

		FOR_EACH_WORK(w)
		{
			struct result r = simulate(w, c, i & 2, i & 4);

			check_context("client %u, helper %u, deaf %u, %lu ms", i & 1, !!(i & 2),
				      !!(i & 4), (unsigned long)(w / MS));
			CHECK(r.collected);
			CHECK(r.longest <= PACE_FIRST);
		}
	}
}

/* The first command of a boot, and no other: whatever time is left of the boot's, never less than a
 * slice. */
TEST(the_first_command_of_a_boot_waits)
{
	struct vtpm_pace p;

	CHECK_EQ(vtpm_pace_boot(&p, 5 * MS, PACE_BOOT, true).ns, PACE_BOOT);
	CHECK(vtpm_pace_boot(&p, 5 * MS, PACE_BOOT, false).wait);
	CHECK_EQ(vtpm_pace_boot(&p, 6 * MS, 1, true).ns, PACE_FIRST);
	CHECK_EQ(vtpm_pace_boot(&p, 7 * MS, 0, true).ns, PACE_FIRST);
	vtpm_pace_seen(&p, 10 * MS);
	CHECK_EQ(vtpm_pace_again(&p, 12 * MS, true).ns, PACE_FIRST);
	CHECK_EQ(vtpm_pace_first(&p, 14 * MS, true).ns, PACE_FIRST);
}

/* A busy host stops the guest for seconds now and then: such a pause is not Linux's last one. */
TEST(a_hiccup_is_not_the_last_attempt)
{
	struct vtpm_pace p;

	vtpm_pace_first(&p, 0, true);
	vtpm_pace_seen(&p, 10 * MS);
	CHECK_EQ(vtpm_pace_again(&p, 12 * MS, true).ns, PACE_FIRST);
	vtpm_pace_seen(&p, 12 * MS);
	CHECK_EQ(vtpm_pace_again(&p, 3000 * MS, true).ns, PACE_FIRST);
	vtpm_pace_seen(&p, 3000 * MS);
	CHECK_EQ(vtpm_pace_again(&p, 4300 * MS, true).ns, PACE_LAST);
}

TEST(an_answer_waits_for_every_linux_client_and_not_for_ever)
{
	struct vtpm_pace p;

	vtpm_pace_first(&p, 0, false);
	for (unsigned n = 1; n <= 7; n++) {
		vtpm_pace_seen(&p, 1000 * MS);
		check_context("pause %u", n);
		CHECK(vtpm_pace_expected(&p, 1000 * MS + linux_client(n, 0)));
	}
	CHECK(!vtpm_pace_expected(&p, 1000 * MS + PACE_KEEP));
	/* less than Linux's patience: the next client finds the TPM free in time */
	CHECK(PACE_KEEP < 2500 * MS);
	/* only the last pause is taken for it */
	CHECK(linux_client(7, 0) >= PACE_GAP);
	CHECK(linux_client(6, 0) < PACE_GAP);
}

TEST(a_clock_that_stands_still_or_goes_back)
{
	struct vtpm_pace p;
	struct vtpm_slice s;

	vtpm_pace_first(&p, 500 * MS, false);
	vtpm_pace_seen(&p, 500 * MS);
	s = vtpm_pace_again(&p, 400 * MS, false);
	CHECK_EQ(s.ns, PACE_FIRST);
	CHECK(vtpm_pace_expected(&p, 400 * MS));
}
