/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * What devices were refused is told in bounded lines, and counted without a bound.
 *
 * sources: launch/machine/iommu/dma_fault.c svsm/lib/fmt.c
 */
#include "machine/cpu/guard.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "machine/host/smp.h"
#include "machine/iommu/dma_fault.h"
#include "machine/iommu/iommu.h"
#include "tests/native/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct host_options host_options;

/* ---- the IOMMU: so many accesses wait to be read, all alike but for their pages ---- */

static unsigned waiting, taken;
static bool overflown;
static struct iommu_fault next;

bool iommu_fault_take(struct iommu_fault *f)
{
	if (!waiting)
		return false;
	waiting--;
	taken++;
	*f = next;
	next.page.v += PAGE_SIZE;
	return true;
}

bool iommu_faults_lost(void)
{
	bool was = overflown;

	overflown = false;
	return was;
}

const char *guard_page_state(gpa_t g)
{
	return g.v == 0x3000 ? "a VMSA" : "private, validated";
}

/* The page at 0x5000 is shared. */
bool guard_is_shared(gpa_t g, uint64_t len)
{
	return g.v >= 0x5000 && g.v + len <= 0x6000;
}

static unsigned kicks;

void host_kick(unsigned cpu)
{
	CHECK_EQ(cpu, 0);
	kicks++;
}

static char logged[32768];
static unsigned lines, told; /* since the last report; of refused accesses, in all */

void host_log(const char *fmt, ...)
{
	size_t n = strlen(logged);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(logged + n, sizeof(logged) - n, fmt, ap);
	va_end(ap);
	strncat(logged, "\n", sizeof(logged) - strlen(logged) - 1);
	told += strstr(logged + n, "may not") != NULL;
	lines++;
}

static bool report(unsigned faults)
{
	logged[0] = 0;
	lines = 0;
	waiting = faults;
	return dma_fault_report();
}

/* ---- the tests: one run of the machine, so their order matters ---- */

TEST(nothing_is_said_of_nothing)
{
	CHECK(!report(0));
	dma_fault_end();
	CHECK_EQ(lines, 0);
	CHECK_STR(dma_fault_first(), "");
}

TEST(a_line_names_device_page_and_what_it_is)
{
	next = (struct iommu_fault){gpa(0x2000), 0x1d << 3 | 5, 5, true};
	CHECK(report(1));
	CHECK_STR(logged,
		  "DMA: device 00:1d.5 may not write 0x2000: private, validated (VT-d reason 5)\n");
	next = (struct iommu_fault){gpa(0x3000), 2 << 8 | 31 << 3, 6, false};
	CHECK(report(1));
	CHECK_STR(logged, "DMA: device 02:1f.0 may not read 0x3000: a VMSA (VT-d reason 6)\n");
	CHECK_STR(dma_fault_first(), "device 00:1d.5 may not write 0x2000: private, validated");
	CHECK(report(0));
	CHECK_EQ(lines, 0);
}

TEST(what_was_lost_is_said_once)
{
	overflown = true;
	CHECK(report(1));
	CHECK(strstr(logged, "more at once"));
	overflown = true;
	CHECK(report(0));
	CHECK_EQ(lines, 0);
}

/* The machine's own devices are held to the same, and CPU 0 looks at once. Where an access crosses
 * into the next page that one may be the reason. */
TEST(a_device_of_the_machines_own)
{
	logged[0] = 0;
	dma_fault_refused(3 << 3, gpa(0x3ff8), 0x10, true);
	CHECK_STR(logged, "DMA: device 00:03.0 may not write 0x3000: a VMSA (VT-d reason 5)\n");
	logged[0] = 0;
	dma_fault_refused(3 << 3, gpa(0x5ff8), 0x10, false);
	CHECK_STR(logged,
		  "DMA: device 00:03.0 may not read 0x6000: private, validated (VT-d reason 6)\n");
	CHECK_EQ(kicks, 2);
	CHECK(report(0));
}

TEST(a_device_that_never_stops_fills_no_log_and_holds_no_cpu)
{
	taken = 0;
	for (unsigned i = 1; i <= 100; i++)
		CHECK(report(1000000) && taken >= i && taken <= 64 * i);
	CHECK_EQ(lines, 0);
	CHECK_EQ(told, 64);
}

TEST(the_last_words_have_the_number)
{
	char words[80];

	host_options.stats = true;
	report(0);
	dma_fault_end();
	snprintf(words, sizeof(words), "DMA: devices were refused at least %u accesses", taken + 5);
	CHECK(strstr(logged, words));
	snprintf(words, sizeof(words), "stats: dma.faults %u\n", taken + 5);
	CHECK(strstr(logged, words));
}
