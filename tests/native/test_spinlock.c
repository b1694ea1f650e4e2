/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Spinlocks where CPUs stand still at any time: whom that holds up, and who gets the lock in the
 * end. A thread is a CPU.
 *
 * libs: -lpthread
 */
#include "base/x86.h"
#include "lib/spinlock.h"
#include "tests/native/check.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static struct spinlock lock;
static volatile unsigned waiting, go_on, order[2], got;

/* ---- a CPU that the host does not run ---- */

static void stand_still(int sig)
{
	(void)sig;
	waiting = 2;
	while (!go_on)
		usleep(100);
}

static void *take_and_give(void *arg)
{
	waiting = 1;
	spin_lock(&lock);
	order[got++] = (unsigned)(uintptr_t)arg;
	spin_unlock(&lock);
	return NULL;
}

static void wait_until(volatile unsigned *what, unsigned value)
{
	while (*what != value)
		usleep(100);
}

static void setup(void)
{
	lock = (struct spinlock){0};
	waiting = go_on = got = 0;
}

static bool someone_queues(void)
{
	return __atomic_load_n(&lock.last, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&lock.turn, __ATOMIC_RELAXED);
}

/* The lock is the caller's, and so it is afterwards. */
static pthread_t start_waiter(void)
{
	pthread_t waiter;

	pthread_create(&waiter, NULL, take_and_give, NULL);
	wait_until(&waiting, 1);
	usleep(1000); /* now it waits */
	pthread_kill(waiter, SIGUSR1);
	wait_until(&waiting, 2);
	return waiter;
}

static void end_waiter(pthread_t waiter)
{
	go_on = 1;
	pthread_join(waiter, NULL);
	CHECK_EQ(got, 1);
}

/* A busy host may take longer than SPIN_PATIENCE to stop the waiter. It queues then, and rightly
 * holds up all others: once more. With a lock in order of arrival it queues each time. */
TEST(a_waiter_that_stands_still_holds_up_nobody)
{
	pthread_t waiter;
	bool queues = true;

	signal(SIGUSR1, stand_still);
	for (unsigned i = 0; i < 50 && queues; i++) {
		setup();
		spin_lock(&lock);
		waiter = start_waiter();
		queues = someone_queues();
		spin_unlock(&lock);
		for (unsigned k = 0; k < 1000 && !queues; k++) {
			spin_lock(&lock);
			spin_unlock(&lock);
		}
		CHECK_EQ(got, 0);
		end_waiter(waiter);
	}
	CHECK(!queues);
}

/* ---- nobody starves ---- */

static void wait_queue(unsigned length)
{
	while (__atomic_load_n(&lock.last, __ATOMIC_RELAXED) -
		       __atomic_load_n(&lock.turn, __ATOMIC_RELAXED) !=
	       length)
		usleep(100);
}

TEST(who_has_waited_long_comes_before_all_others)
{
	pthread_t waiter;

	setup();
	alarm(600);
	spin_lock(&lock);
	pthread_create(&waiter, NULL, take_and_give, NULL);
	wait_queue(1);
	spin_unlock(&lock);
	while (!spin_try(&lock)) /* refused to us until the other one has had it */
		usleep(100);
	CHECK_EQ(got, 1);
	spin_unlock(&lock);
	pthread_join(waiter, NULL);
	alarm(0);
}

TEST(those_who_have_waited_long_go_in_order)
{
	pthread_t first, second;

	setup();
	alarm(600);
	spin_lock(&lock);
	pthread_create(&first, NULL, take_and_give, (void *)1);
	wait_queue(1);
	pthread_create(&second, NULL, take_and_give, (void *)2);
	wait_queue(2);
	CHECK(!spin_try(&lock));
	spin_unlock(&lock);
	pthread_join(first, NULL);
	pthread_join(second, NULL);
	CHECK_EQ(order[0], 1);
	CHECK_EQ(order[1], 2);
	CHECK(spin_try(&lock)); /* and the queue is empty again */
	spin_unlock(&lock);
	alarm(0);
}

/* ---- one at a time ---- */

#define THREADS 16
#define ROUNDS  2000

static unsigned sum; /* not atomic: the lock guards it */

static void *add(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		spin_lock(&lock);
		sum++;
		spin_unlock(&lock);
	}
	return NULL;
}

TEST(one_at_a_time)
{
	pthread_t t[THREADS];

	setup();
	sum = 0;
	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, add, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(sum, THREADS * ROUNDS);
}
