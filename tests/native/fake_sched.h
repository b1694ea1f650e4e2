/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the scheduler stands on, for its tests: CPUs, time, NMIs and sleep. */
#include <pthread.h>
#include "cpu/percpu.h"

#define CPUS 4 /* 0 and 1 have guests, 2 is an offline vCPU, 3 a service CPU */
extern struct cpu cpus[CPUS];

extern bool real_time;    /* else time is fake_now */
extern uint64_t fake_now; /* ns, a tick a look */
extern uint64_t armed;    /* the timer's deadline, in fake time */
extern unsigned nmis[CPUS];
extern unsigned slept;                            /* for want of an NMI */
extern void (*at_ready)(void), (*at_sleep)(void); /* run once, at the worst moments */

extern bool stop; /* the threads shall end; under sleep_lock */
extern pthread_mutex_t sleep_lock;
extern pthread_cond_t nmi_came;

/* All CPUs as new, fake time, this thread is CPU 0. */
void fake_sched_setup(void);
