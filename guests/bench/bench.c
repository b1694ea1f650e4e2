/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The vTPM against the very same libtpms and libcrypto inside this program, in the same guest. The
 * library's TPM goes on from a snapshot of the SVSM's, random generator included, and both get the
 * same commands: they do the same work, and where a response holds no time and nothing random of
 * libcrypto's the bench checks that it is the same. That excludes RSA keys of TPM2_Create, whose
 * primes libcrypto draws by itself: compare their means, or the primaries, whose primes come from
 * the seed. Repetitions alternate, and so does who is first.
 *
 * For each work an INFO "vtpm_NAME": count, then p50, p99 and mean in us of the device and of the
 * library, then how many responses were the same. Words on the kernel's command line:
 * bench.count=N (300), bench.keys=N (20; 0: no RSA keys), bench.reads=N (1000); bench.cold=1: two
 * exits before each of the library's commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/figures.h"
#include "bench/svsmtest.h"
#include "bench/work.h"
#include "tools/external.h"
#include "tools/option.h"

#define SNAPSHOT_MAX 0x60000
#define WARM_UP      10u

static const struct way *const ways[] = {&way_device, &way_library};
enum {
	DEVICE,
	LIBRARY,
	WAYS
};

/* The key of that name on both ways; its handles are the same, because the TPMs are. */
static uint32_t make_key(const char *name)
{
	uint8_t response[WAY_RESPONSE_MAX];
	uint32_t handle[WAYS];
	struct message m;

	work_key(&m, name);
	for (unsigned w = 0; w < WAYS; w++) {
		uint32_t len = ways[w]->send(&m, response);

		handle[w] = work_handle(response, len);
	}
	CHECK_EQ(handle[DEVICE], handle[LIBRARY]);
	return handle[DEVICE];
}

static void drop(const struct way *way, uint32_t handle)
{
	uint8_t response[WAY_RESPONSE_MAX];
	struct message m;
	uint32_t len;

	work_flush(&m, handle);
	len = way->send(&m, response);
	work_succeeded(response, len);
}

struct response {
	uint8_t data[WAY_RESPONSE_MAX];
	uint32_t len;
};

/* One command by one way; the time it took. */
static double once(const struct work *work, const struct way *way, const struct message *m,
		   struct response *r)
{
	double start = figures_now(), took;

	r->len = way->send(m, r->data);
	took = figures_now() - start;
	if (work_succeeded(r->data, r->len) && work->makes_object)
		drop(way, work_handle(r->data, r->len));
	return took;
}

/* Both ways, count times; how many responses were the same. */
static unsigned repeat(const struct work *work, uint32_t key, unsigned count,
		       struct figures f[WAYS])
{
	static struct response r[WAYS];
	struct message m;
	unsigned same = 0;

	for (unsigned i = 0; i < count && !external_failures(); i++) {
		work->command(&m, key, i);
		for (unsigned n = 0; n < WAYS; n++) {
			unsigned w = (n + i) % WAYS;

			f[w].us[i] = once(work, ways[w], &m, &r[w]);
		}
		same += r[DEVICE].len == r[LIBRARY].len &&
			!memcmp(r[DEVICE].data, r[LIBRARY].data, r[DEVICE].len);
	}
	return same;
}

static void measure(const struct work *work, unsigned count)
{
	uint32_t key = work->key ? make_key(work->key) : 0;
	struct figures f[WAYS];
	char name[64];
	unsigned same;

	for (unsigned w = 0; w < WAYS; w++)
		figures_start(&f[w], MAX(count, WARM_UP));
	repeat(work, key, work->slow ? 1 : WARM_UP, f);
	same = repeat(work, key, count, f);
	for (unsigned w = 0; w < WAYS; w++) {
		figures_end(&f[w], count);
		if (key)
			drop(ways[w], key);
	}
	if (work->same)
		CHECK_EQ(same, count);
	snprintf(name, sizeof(name), "vtpm_%s", work->name);
	external_info(name, "%u %.1f %.1f %.1f %.1f %.1f %.1f %u", count, f[DEVICE].p50,
		      f[DEVICE].p99, f[DEVICE].mean, f[LIBRARY].p50, f[LIBRARY].p99,
		      f[LIBRARY].mean, same);
}

EXTERNAL_TEST(bench, "bench", "each work's time through the SVSM and in this program")
{
	static uint8_t snapshot[SNAPSHOT_MAX];
	unsigned count = MAX(option_number("bench.count", 300), 1u);
	unsigned keys = option_number("bench.keys", 20);
	struct svsmtest_stats stats;
	uint32_t len;

	external_limit(600);
	if (!device_open() || !svsmtest_open())
		return;
	len = svsmtest_snapshot(snapshot, sizeof(snapshot));
	if (!len || !library_start(snapshot, len))
		return;
	for (unsigned i = 0; i < work_count && !external_failures(); i++)
		if (!work_list[i].slow || keys)
			measure(&work_list[i], work_list[i].slow ? keys : count);
	if (svsmtest_stats(&stats))
		external_info("vtpm_held_ns", "%llu", (unsigned long long)stats.longest_ns);
}

/* Nothing but reads, so that the exits of two runs differ by what the reads cost. */
EXTERNAL_TEST(reads, "reads", "bench.reads PCR reads, one after the other")
{
	unsigned count = option_number("bench.reads", 1000);
	static struct response r;
	struct message m;

	if (!device_open())
		return;
	work_list[0].command(&m, 0, 0);
	for (unsigned i = 0; i < count && !external_failures(); i++)
		once(&work_list[0], &way_device, &m, &r);
}
