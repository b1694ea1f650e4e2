/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Long TPM commands and a guest that goes on meanwhile. Words on the kernel's command line:
 * long.count=N keys of each size (2 of RSA-2048, 1 of RSA-3072); long.gap=N: the longest gap in ms
 * that is good enough, for runs in which time goes by instructions. Without it gaps are only
 * reported, because a busy host makes its own. long.giveups=1: the driver gives up after 8
 * attempts, so it may say so; libtss2 sends the command again, and the key is collected anyway.
 */
#include <stdio.h>
#include <string.h>

#include "bench/svsmtest.h"
#include "tools/gaps.h"
#include "longcmd/kmsg.h"
#include "tools/option.h"
#include "tss/keys.h"

static void complain(const char *line)
{
	if (strstr(line, "in retry loop") && option_number("long.giveups", 0))
		external_log("the kernel says: %s", line);
	else
		external_fail(EXTERNAL_HERE, "the kernel says: %s", line);
}

/* "longest us, wakes: gaps of 4..8 ms, 8..16 ms, ..." */
static void report(unsigned bits, unsigned cpu, const struct gaps *g)
{
	char text[256], key[32];
	int n = snprintf(text, sizeof(text),
			 "%llu us in %llu wakes:", (unsigned long long)g->longest_ns / 1000,
			 (unsigned long long)g->wakes);

	for (unsigned i = 0; i < GAPS_BUCKETS; i++)
		n += snprintf(text + n, sizeof(text) - n, " %u", g->histogram[i]);
	snprintf(key, sizeof(key), "rsa%u_gaps_cpu%u", bits, cpu);
	external_info(key, "%s", text);
	external_log("%s %s", key, text);
}

static void judge(unsigned bits)
{
	static struct gaps result[GAPS_CPUS];
	unsigned enough = option_number("long.gap", 0), cpus = gaps_stop(result);

	CHECK(cpus > 0);
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		report(bits, cpu, &result[cpu]);
		CHECK(result[cpu].wakes > 100);
		if (enough && result[cpu].longest_ns > enough * 1000000ull)
			external_fail(EXTERNAL_HERE, "CPU %u had no turn for %llu us", cpu,
				      (unsigned long long)result[cpu].longest_ns / 1000);
	}
	kmsg_complaints(complain);
}

static void make_keys(unsigned bits, unsigned count)
{
	struct key parent = key_parent();

	for (unsigned i = count; i; i--) {
		struct key k = key_child(&parent, key_rsa(bits, KEY_SIGN, TPM2_ALG_RSASSA),
					 key_secret(NULL, NULL, 0));

		CHECK_EQ(k.public->publicArea.unique.rsa.size, bits / 8);
		key_flush(&k);
		external_log("%u keys to go", i - 1); /* progress, for who watches */
	}
}

/* What the SVSM counted meanwhile; its longest call is that since the start. */
static void report_calls(unsigned bits, const struct svsmtest_stats *before)
{
	struct svsmtest_stats after;
	char text[128], key[32];

	REQUIRE(svsmtest_stats(&after));
	CHECK_EQ(after.restarts, before->restarts);
	snprintf(text, sizeof(text), "%llu, %llu of them told to come again; longest %llu us",
		 (unsigned long long)(after.calls - before->calls),
		 (unsigned long long)(after.retries - before->retries),
		 (unsigned long long)after.longest_ns / 1000);
	snprintf(key, sizeof(key), "rsa%u_calls", bits);
	external_info(key, "%s", text);
	external_log("%s %s", key, text);
}

static void long_commands(unsigned bits, unsigned count)
{
	struct svsmtest_stats before;

	external_limit(600);
	REQUIRE(svsmtest_open() && svsmtest_stats(&before));
	REQUIRE(kmsg_start());
	REQUIRE(gaps_start());
	make_keys(bits, option_number("long.count", count));
	judge(bits);
	report_calls(bits, &before);
}

TSS_TEST(long_rsa2048, "long-rsa2048", "the guest goes on while RSA-2048 keys are made")
{
	long_commands(2048, 2);
}

TSS_TEST(long_rsa3072, "long-rsa3072", "the guest goes on while RSA-3072 keys are made")
{
	long_commands(3072, 1);
}
