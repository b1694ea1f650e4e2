/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Sleeps and timers of every kind: in their order, each once, and none before its time. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "timers/clocks.h"
#include "tools/external.h"

#define TIMERS 64
#define ROUNDS 100

static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};

/* 0 to 8 ms, the same on each run. */
static uint64_t some(void)
{
	static uint32_t state = 1;

	state = state * 1103515245 + 12345;
	return (state >> 8) % (8 * NS_A_MS);
}

static unsigned sleeps_early(clockid_t clock, uint64_t ns)
{
	uint64_t begin = clocks_now(clock);
	struct timespec t = clocks_spec(ns);
	unsigned early = 0;

	while (clock_nanosleep(clock, 0, &t, &t) != 0)
		;
	early += clocks_now(clock) < begin + ns;
	begin = clocks_now(clock);
	t = clocks_spec(begin + ns);
	while (clock_nanosleep(clock, TIMER_ABSTIME, &t, NULL) != 0)
		;
	return early + (clocks_now(clock) < begin + ns);
}

/* clock_nanosleep(2): not before the time has passed; with an absolute one in the past at once. */
EXTERNAL_TEST(sleeps, "sleeps",
	      "sleeps by three clocks, relative and absolute, end, and never early")
{
	const struct timespec past = {0, 1};

	for (unsigned cpu = 0; cpu < cpus_online(); cpu++) {
		CHECK(cpus_pin(cpu));
		for (unsigned i = 0; i < ROUNDS; i++)
			CHECK_EQ(sleeps_early(clocks[i % ARRAY_LEN(clocks)], some() / 8), 0);
		CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL), 0);
	}
}

/* Arms them to ends from `begin` on; false: begin has passed meanwhile, and one whose end was past
 * when it was armed may have come too late for its place. */
static bool arm(timer_t timer[], uint64_t end[], uint64_t begin)
{
	for (unsigned i = 0; i < TIMERS; i++) {
		struct itimerspec t = {0};

		end[i] = begin + 10 * some();
		t.it_value = clocks_spec(end[i]);
		CHECK_EQ(timer_settime(timer[i], TIMER_ABSTIME, &t, NULL), 0);
	}
	return clocks_now(CLOCK_MONOTONIC) < begin;
}

/* Disarms those that are not in time, and takes what they have sent. */
static void disarm(timer_t timer[], const sigset_t *set)
{
	const struct itimerspec never = {0};
	const struct timespec now = {0};

	for (unsigned i = 0; i < TIMERS; i++)
		timer_settime(timer[i], 0, &never, NULL);
	while (sigtimedwait(set, NULL, &now) > 0)
		;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void come_in_order(const uint64_t end[], const sigset_t *set)
{
	uint64_t sorted[TIMERS];
	siginfo_t info;

	memcpy(sorted, end, sizeof(sorted));
	qsort(sorted, TIMERS, sizeof(sorted[0]), by_value);
	for (unsigned i = 0; i < TIMERS; i++) {
		CHECK(sigwaitinfo(set, &info) > 0);
		CHECK_EQ(end[info.si_value.sival_int], sorted[i]);
		CHECK(clocks_now(CLOCK_MONOTONIC) >= sorted[i]);
	}
}

static void make(timer_t timer[])
{
	for (unsigned i = 0; i < TIMERS; i++) {
		struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
					 .sigev_signo = SIGRTMIN,
					 .sigev_value.sival_int = (int)i};

		CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer[i]), 0);
	}
}

/* timer_settime(2); signal(7): real-time signals of one number are queued in order. All timers that
 * a CPU has armed are in one queue of the kernel's. */
EXTERNAL_TEST(posix, "posix-timers", "64 POSIX timers on each CPU come in the order of their ends")
{
	timer_t timer[TIMERS];
	uint64_t end[TIMERS];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	make(timer);
	for (unsigned cpu = 0; cpu < cpus_online(); cpu++) {
		uint64_t ahead = 20 * NS_A_MS;

		CHECK(cpus_pin(cpu));
		while (!arm(timer, end, clocks_now(CLOCK_MONOTONIC) + ahead)) {
			disarm(timer, &set);
			ahead *= 2;
		}
		come_in_order(end, &set);
	}
}

/* One look: how many came. The clock may be read behind a timer's end while its interrupt is still
 * on the way, so one that is due need not be there yet. */
static unsigned look(int set, const int fd[], const uint64_t end[], unsigned *wrong)
{
	struct epoll_event event[TIMERS];
	int some_came = epoll_wait(set, event, TIMERS, -1);
	uint64_t n;

	for (int i = 0; i < some_came; i++) {
		unsigned which = event[i].data.u32;

		*wrong += read(fd[which], &n, sizeof(n)) != sizeof(n) || n != 1 ||
			  clocks_now(CLOCK_MONOTONIC) < end[which];
	}
	return some_came > 0 ? (unsigned)some_came : 0;
}

static void timerfds_here(void)
{
	int fd[TIMERS], set = epoll_create1(EPOLL_CLOEXEC);
	unsigned came = 0, wrong = 0;
	uint64_t end[TIMERS];

	for (unsigned i = 0; i < TIMERS; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
		struct itimerspec t = {0};

		end[i] = clocks_now(CLOCK_MONOTONIC) + 1 + 10 * some();
		t.it_value = clocks_spec(end[i]);
		fd[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		CHECK_EQ(timerfd_settime(fd[i], TFD_TIMER_ABSTIME, &t, NULL), 0);
		CHECK_EQ(epoll_ctl(set, EPOLL_CTL_ADD, fd[i], &event), 0);
	}
	while (came < TIMERS)
		came += look(set, fd, end, &wrong);
	CHECK_EQ(came, TIMERS);
	CHECK_EQ(wrong, 0);
	for (unsigned i = 0; i < TIMERS; i++)
		close(fd[i]);
	close(set);
}

EXTERNAL_TEST(timerfds, "timerfds", "64 timerfds on each CPU: each expires once, and none early")
{
	for (unsigned cpu = 0; cpu < cpus_online(); cpu++) {
		CHECK(cpus_pin(cpu));
		timerfds_here();
	}
}

/*
 * firecracker 4099, kata-containers 13798: a TSC deadline that was lost left a CPU without timer
 * interrupts. Each turn arms the CPU's only deadline anew: later, earlier, in the past.
 */
EXTERNAL_TEST(deadline, "firecracker-4099-lost-deadline",
	      "a deadline that is moved 1,000 times on each CPU comes each time")
{
	unsigned wrong = 0;

	for (unsigned cpu = 0; cpu < cpus_online(); cpu++) {
		int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		uint64_t n;

		CHECK(cpus_pin(cpu));
		for (unsigned i = 0; i < 1000; i++) {
			const uint64_t now = clocks_now(CLOCK_MONOTONIC),
				       ends[] = {now + NS_A_SECOND, now + 10 * NS_A_MS,
						 i % 10 ? now + some() / 64 : now - 1};
			struct itimerspec t = {0};

			for (unsigned k = 0; k < ARRAY_LEN(ends); k++) {
				t.it_value = clocks_spec(ends[k]);
				timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL);
			}
			wrong += read(fd, &n, sizeof(n)) != sizeof(n) || n != 1;
			wrong += clocks_now(CLOCK_MONOTONIC) < ends[2];
		}
		close(fd);
	}
	CHECK_EQ(wrong, 0);
}
