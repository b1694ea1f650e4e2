/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * What a report finds in monitor.log and run.json: numbers as docs/monitor.md says that they are
 * written, and nothing in what is not so.
 *
 * sources: harness/page/trace.c harness/page/measured.c harness/page/loaded.c harness/core/util.c
 * sources: launch/profiles/words.c
 * libs: -lcrypto -ljansson
 */
#include "harness/page/measured.h"
#include "harness/page/trace.h"
#include "tests/native/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct trace t;

static void read_log(const char *text)
{
	char path[] = "/tmp/keelson-trace-XXXXXX";
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	trace_free(&t);
	trace_read(&t, path);
	unlink(path);
}

TEST(sums)
{
	read_log("[cpu 1  12.345] stats: exit.msr 9808\n"
		 "[cpu 1  12.345] stats: exit.0x75 44\n"
		 "[cpu 1  12.345] stats: cause.start.vmpl0.cpl0.msr.read_ghcb 6 70\n"
		 "[cpu 1  12.345] stats: cause.kernel.vmpl0.cpl0.msr.0x10 4 20\n"
		 "[cpu 1  12.345] stats: cause.user.vmpl2.cpl3.hlt 890 50849\n");
	CHECK_EQ(t.reason_count, 3);
	CHECK_STR(t.reasons[0].name, "msr");
	CHECK_EQ(t.reasons[0].all, 9808);
	CHECK_EQ(t.reasons[0].vmpl[0], 10);
	CHECK_STR(t.reasons[1].name, "0x75");
	CHECK_EQ(t.reasons[2].vmpl[2], 890);
	CHECK_EQ(t.last_ms, 12345);
}

TEST(series)
{
	read_log("[cpu 1   1.143] phase: start: VMPL 0 at CPL 0 on vCPU 0\n"
		 "[cpu 1   1.739] phase: kernel: VMPL 2 at CPL 0 on vCPU 0\n"
		 "[cpu 0   2.000] series: vmpl2 msr 12 hlt 3\n"
		 "[cpu 2  34.044] phase: user: VMPL 2 at CPL 3 on vCPU 1\n"
		 "[cpu 0  34.200] series: vmpl0 hlt 7\n");
	CHECK_EQ(t.kernel_ms, 1739);
	CHECK_EQ(t.user_ms, 34044);
	CHECK_EQ(t.sample_count, 3);
	CHECK_EQ(t.samples[1].ms, 2000);
	CHECK_EQ(t.samples[1].vmpl, 2);
	CHECK_EQ(t.samples[1].count, 3);
	CHECK_EQ(t.samples[2].reason, t.samples[1].reason);
}

TEST(map)
{
	read_log("[cpu 1   9.000] rmp: 0x0 160 validated rwus ---- rwus ----\n"
		 "[cpu 1   9.000] rmp: 0xa0000 2 shared\n"
		 "[cpu 1   9.000] rmp: 0xa2000 1 vmsa rwus ---- ---- ----\n"
		 "[cpu 1   9.000] rmp: 3 stretches\n");
	CHECK_EQ(t.stretch_count, 3);
	CHECK(t.map_whole);
	CHECK_EQ(t.stretches[0].pages, 160);
	CHECK_STR(t.stretches[0].perms, "rwus ---- rwus ----");
	CHECK_EQ(t.stretches[1].state, TRACE_SHARED);
	CHECK_STR(t.stretches[1].perms, "");
	CHECK_EQ(t.stretches[2].state, TRACE_VMSA);
	read_log("[cpu 1   9.000] rmp: 0x0 160 shared\n");
	CHECK(!t.map_whole);
	read_log("[cpu 1   9.000] rmp: 0x0 160 shared\n[cpu 1   9.000] rmp: 5000 stretches\n");
	CHECK(!t.map_whole);
}

/* A guest can write what looks so on its console, but not in this log; a broken file can hold it.
 */
TEST(what_makes_no_sense_is_passed_over)
{
	read_log("stats: exit.msr 1\n"
		 "[cpu 1  1.000] stats: exit.<b> 1\n"
		 "[cpu 1  1.000] stats: exit. 1\n"
		 "[cpu 1  1.000] stats: cause.x.vmpl9.cpl0.msr 1 1\n"
		 "[cpu 1  1.000] series: vmpl4 msr 1\n"
		 "[cpu 1  1.000] series: vmpl2 MSR 1 hlt\n"
		 "[cpu 1  1.000] rmp: 0x1001 1 shared\n"
		 "[cpu 1  1.000] rmp: 0x2000 0 shared\n"
		 "[cpu 1  1.000] rmp: 0x2000 18446744073709551615 shared\n"
		 "[cpu 1  1.000] rmp: 0xfffffffffffff000 1 shared\n"
		 "[cpu 1  1.000] rmp: 0x3000 1 haunted\n"
		 "[cpu 1  1.000] rmp: 0x3000 2 shared\n"
		 "[cpu 1  1.000] rmp: 0x4000 1 private rwus\n");
	CHECK_EQ(t.reason_count, 0);
	CHECK_EQ(t.sample_count, 0);
	CHECK_EQ(t.stretch_count, 1);
	trace_free(&t);
	trace_read(&t, "/nowhere/at/all");
	CHECK_EQ(t.last_ms, 0);
}

/* ---- run.json ---- */

/* Of the 3,000 ms from the SVSM's word to the kernel's end its own clock knows 1,000. */
TEST(firmware_is_what_the_kernel_does_not_know)
{
	json_t *boot = json_loads("{\"timeline_ms\": {\"phase_monitor\": 100, \"phase_svsm\": 20,"
				  " \"phase_kernel\": 3000, \"phase_user_space\": null},"
				  " \"info\": {\"kernel_seconds\": \"1.000\"}}",
				  0, NULL);
	struct phase_times p;

	phases_of(&p, boot, true);
	CHECK(p.ms[PHASE_FIRMWARE] == 2000 && p.ms[PHASE_KERNEL] == 1000);
	CHECK(p.ms[PHASE_USER] == -1 && p.all == 3120);
	phases_of(&p, boot, false);
	CHECK(p.ms[PHASE_FIRMWARE] == -1 && p.ms[PHASE_KERNEL] == 3000);
	json_decref(boot);
	phases_of(&p, NULL, true);
	CHECK(p.all == 0);
}

TEST(a_clock_that_lies_takes_no_time_away)
{
	static const char *const claims[] = {"4.0", "-1", "nan", "inf", "", "1e99"};

	for (unsigned i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		json_t *boot = json_pack("{s:{s:i}, s:{s:s}}", "timeline_ms", "phase_kernel", 3000,
					 "info", "kernel_seconds", claims[i]);
		struct phase_times p;

		check_context("%s", claims[i]);
		phases_of(&p, boot, true);
		CHECK(p.ms[PHASE_KERNEL] == 3000 && p.ms[PHASE_FIRMWARE] == -1);
		json_decref(boot);
	}
}

TEST(latencies)
{
	struct latency l;

	CHECK(latency_of(&l, "core_call_linux_tsc", "2000000 4000000", 2000000));
	CHECK_EQ(l.n, 2);
	CHECK(l.us[0] == 1000 && l.us[1] == 2000);
	CHECK_STR(l.what[1], "median");
	CHECK(latency_of(&l, "ipi_self_ns", "1000 2000 3000", 0));
	CHECK(l.n == 3 && l.us[2] == 3);
	CHECK(latency_of(&l, "vtpm_pcr_read", "300 10.5 20.0 11 4 5 6 7", 0));
	CHECK(l.n == 3 && l.us[0] == 10.5 && l.us[1] == 20);
	CHECK(latency_of(&l, "timer_late", "500 1.5 2.5 9.5", 0));
	CHECK(l.n == 3 && l.us[2] == 9.5);
}

TEST(what_is_no_latency)
{
	static const char *const facts[][2] = {
		{"exit_tsc", "many"},  {"exit_tsc", "1,2"},
		{"exit_tsc", ""},      {"exit_tsc", "1 2 3 4 5"},
		{"exit_tsc", "nan"},   {"exit_tsc", "-5"},
		{"exit_tsc", "inf"},   {"exit_tsc", "1e300"},
		{"kernel", "6"},       {"tsc", "1"},
		{"vtpm_objects", "3"}, {"vtpm_calls", "12, 3 of them RETRY"},
	};
	struct latency l;

	for (unsigned i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		check_context("%s %s", facts[i][0], facts[i][1]);
		CHECK(!latency_of(&l, facts[i][0], facts[i][1], 1000));
	}
	CHECK(!latency_of(&l, "exit_tsc", "5", 0)); /* nobody says how long a tick is */
}

TEST(the_clock_of_a_boot)
{
	json_t *good = json_pack("{s:s}", "tsc_khz", "2445406");
	json_t *bad = json_pack("{s:s}", "tsc_khz", "0");

	CHECK(latency_khz(good) == 2445406);
	CHECK(latency_khz(bad) == 0);
	CHECK(latency_khz(NULL) == 0);
	json_decref(good);
	json_decref(bad);
	trace_free(&t);
}
