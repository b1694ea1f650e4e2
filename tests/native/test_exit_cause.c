/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Exits by cause: what is counted under which name, in which phase, and what is printed of it.
 *
 * sources: launch/machine/cpu/exit_cause.c launch/machine/cpu/exit_count.c launch/machine/cpu/phase.c
 * sources: svsm/lib/fmt.c
 */
#include "machine/cpu/exit_cause.h"
#include "base/x86.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/phase.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/log.h"
#include "machine/host/mem/pool.h"
#include "machine/host/options.h"
#include "machine/host/time.h"
#include "lib/fmt.h"
#include "tests/native/check.h"

#include <stdlib.h>
#include <string.h>

#define CPUS  2
#define LINES 2048

struct host_options host_options;
static struct vcpu cpus[CPUS];
static struct vmcb vmcbs[CPUS][VMPL_COUNT];
struct vcpu *machine_vcpus[HOST_MAX_CPUS] = {&cpus[0], &cpus[1]};
unsigned machine_vcpu_count = CPUS;

static char lines[LINES][120];
static unsigned line_count;
static const struct exit_class *guess; /* what guard_cause() says */
static uint32_t guess_what;

/* ---- what it stands on ---- */

void *host_pages_try(unsigned count)
{
	return calloc(count, PAGE_SIZE);
}

void host_pages_free(void *p, unsigned count)
{
	(void)count;
	free(p);
}

uint64_t host_tsc_khz(void)
{
	return 1000;
}

void host_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(lines[line_count++ % LINES], sizeof(lines[0]), fmt, ap);
	va_end(ap);
}

void guard_cause(struct vcpu *v)
{
	if (guess)
		exit_cause(v, guess, guess_what);
}

/* ---- an exit ---- */

static const struct exit_group groups[] = {{0x10, 0x1f, "low"}, {0x80, 0x80, "high"}};
static const struct exit_class class = EXIT_CLASS("to_", groups);
static const struct exit_class other = {.prefix = "other_"};

static void start(bool stats)
{
	host_options.stats = stats;
	guess = NULL;
	for (unsigned i = 0; i < CPUS; i++) {
		free(cpus[i].causes);
		cpus[i].causes = NULL;
		for (unsigned l = 0; l < VMPL_COUNT; l++)
			cpus[i].ctx[l].vmcb = &vmcbs[i][l];
		exit_cause_init(&cpus[i]);
	}
}

static void open(unsigned cpu, uint8_t vmpl, uint8_t cpl, unsigned slot)
{
	cpus[cpu].vmpl = vmpl;
	cpus[cpu].entered = rdtsc();
	vmcbs[cpu][vmpl].cpl = cpl;
	phase_follow(&cpus[cpu], cpl == 3);
	exit_cause_begin(&cpus[cpu], slot);
}

static void whole(unsigned cpu, uint8_t vmpl, uint8_t cpl, unsigned slot)
{
	open(cpu, vmpl, cpl, slot);
	exit_cause_end(&cpus[cpu]);
}

/* How many times a cause was printed; ~0: no line of it. */
static uint64_t printed(const char *key)
{
	size_t n = strlen(key);

	for (unsigned i = 0; i < line_count; i++)
		if (!strncmp(lines[i], key, n) && lines[i][n] == ' ')
			return strtoull(lines[i] + n, NULL, 10);
	return ~0ull;
}

static void print(void)
{
	line_count = 0;
	exit_cause_print();
}

TEST(nothing_is_kept_without_the_option)
{
	start(false);
	whole(0, 0, 0, SVM_EXIT_HLT);
	exit_cause(&cpus[0], &class, 0x10);
	CHECK(!cpus[0].causes);
	print();
	CHECK_EQ(line_count, 0);
}

static unsigned lines_with(const char *text)
{
	unsigned n = 0;

	for (unsigned i = 0; i < line_count; i++)
		n += strstr(lines[i], text) != NULL;
	return n;
}

/* The phases only ever go forward, so this test is the one that sees all of them. The harness reads
 * the lines, of any run: they do not hang on the option. */
TEST(phases_follow_vmpl_and_cpl)
{
	start(true);
	whole(0, 0, 0, SVM_EXIT_HLT);
	whole(1, 0, 3, SVM_EXIT_HLT); /* ring 3 of the SVSM is no guest's */
	CHECK_EQ((print(), printed("stats: phase.kernel_us")), ~0ull);
	CHECK_EQ(lines_with("phase: kernel"), 0);
	whole(0, 2, 0, SVM_EXIT_HLT);
	whole(1, 0, 0, SVM_EXIT_HLT);
	CHECK_EQ(lines_with("phase: kernel: VMPL 2 at CPL 0 on vCPU 0"), 1);
	CHECK_EQ(lines_with("phase: user"), 0);
	whole(0, 2, 3, SVM_EXIT_HLT);
	whole(1, 1, 3, SVM_EXIT_HLT);
	whole(0, 2, 0, SVM_EXIT_HLT);
	CHECK_EQ(lines_with("phase: kernel"), 1);
	CHECK_EQ(lines_with("phase: user: VMPL 2 at CPL 3 on vCPU 0"), 1);
	print();
	CHECK_EQ(printed("stats: cause.start.vmpl0.cpl0.hlt"), 1);
	CHECK_EQ(printed("stats: cause.start.vmpl0.cpl3.hlt"), 1);
	CHECK_EQ(printed("stats: cause.kernel.vmpl2.cpl0.hlt"), 1);
	CHECK_EQ(printed("stats: cause.kernel.vmpl0.cpl0.hlt"), 1);
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl3.hlt"), 1);
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.hlt"), 1);
	CHECK(printed("stats: phase.start_us") != ~0ull);
	CHECK(printed("stats: phase.user_us") != ~0ull);
}

TEST(numbers_of_a_group_are_one_cause)
{
	start(true);
	guess = &class;
	for (guess_what = 0x0f; guess_what <= 0x20; guess_what++)
		whole(0, 2, 0, SVM_EXIT_IOIO);
	guess_what = 0x80;
	whole(0, 2, 0, SVM_EXIT_IOIO);
	print();
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.ioio.to_low"), 16);
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.ioio.to_high"), 1);
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.ioio.to_0xf"), 1);
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.ioio.to_0x20"), 1);
}

TEST(the_last_name_wins)
{
	start(true);
	guess = &class;
	guess_what = 0x10;
	open(0, 2, 0, SVM_EXIT_MSR);
	exit_cause(&cpus[0], &other, 7);
	exit_cause_end(&cpus[0]);
	exit_cause(&cpus[0], &class, 0x10); /* no exit is in hand */
	exit_cause_end(&cpus[0]);
	print();
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.msr.other_0x7"), 1);
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.msr.to_low"), ~0ull);
}

TEST(an_exit_without_a_name_has_its_number)
{
	start(true);
	whole(0, 2, 0, SVM_EXIT_SWINT);
	print();
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.0x75"), 1);
}

TEST(all_vcpus_are_added_up_with_what_is_open)
{
	start(true);
	whole(0, 2, 0, SVM_EXIT_HLT);
	whole(1, 2, 0, SVM_EXIT_HLT);
	open(1, 2, 0, SVM_EXIT_HLT);
	print();
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.hlt"), 3);
}

TEST(time_is_the_monitors_own)
{
	const char *key = "stats: cause.user.vmpl2.cpl0.hlt 1 ";
	uint64_t begin;

	start(true);
	open(0, 2, 0, SVM_EXIT_HLT);
	begin = rdtsc();
	while (rdtsc() - begin < 50000) /* 50 ms by host_tsc_khz() */
		;
	exit_cause_end(&cpus[0]);
	print();
	for (unsigned i = 0; i < line_count; i++)
		if (!strncmp(lines[i], key, strlen(key)))
			CHECK(strtoull(lines[i] + strlen(key), NULL, 10) >= 50000);
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.hlt"), 1);
}

TEST(what_finds_no_row_is_told)
{
	start(true);
	guess = &other;
	for (guess_what = 0; guess_what < 1500; guess_what++)
		whole(0, 2, 0, SVM_EXIT_CPUID);
	print();
	CHECK_EQ(printed("stats: cause.lost"), 1500 - 1024);
	CHECK_EQ(printed("stats: cause.user.vmpl2.cpl0.cpuid.other_0x3ff"), 1);
	start(false);
}

/* An interrupt may be taken with an exit that was for something else: an OUT in one exit. */
TEST(only_the_exit_of_that_reason_gets_the_name)
{
	start(true);
	guess = &class;
	guess_what = 0x80;
	open(0, 1, 0, SVM_EXIT_IOIO);
	exit_cause_of(&cpus[0], SVM_EXIT_INTR, &other, 7);
	exit_cause_end(&cpus[0]);
	open(0, 1, 0, SVM_EXIT_INTR);
	exit_cause_of(&cpus[0], SVM_EXIT_INTR, &other, 7);
	exit_cause_end(&cpus[0]);
	exit_cause_of(&cpus[0], SVM_EXIT_INTR, &other, 8); /* none is open */
	print();
	CHECK_EQ(printed("stats: cause.user.vmpl1.cpl0.ioio.to_high"), 1);
	CHECK_EQ(printed("stats: cause.user.vmpl1.cpl0.intr.other_0x7"), 1);
	CHECK_EQ(printed("stats: cause.user.vmpl1.cpl0.intr.other_0x8"), ~0ull);
}

/* What CPU 0 reads while the others run: at once, whether the exit is still open or not. */
TEST(exits_seen_up_to_now)
{
	start(true);
	whole(1, 2, 3, SVM_EXIT_HLT);
	open(1, 2, 0, SVM_EXIT_HLT);
	CHECK_EQ(exit_cause_seen(cpus[1].causes, 2, SVM_EXIT_HLT), 2);
	CHECK_EQ(exit_cause_seen(cpus[1].causes, 0, SVM_EXIT_HLT), 0);
	CHECK_EQ(exit_cause_seen(cpus[0].causes, 2, SVM_EXIT_HLT), 0);
	start(false);
}
