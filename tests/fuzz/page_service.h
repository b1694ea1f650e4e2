/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A service for the protocol's fuzzer: it does what the input says. Its good answers tell which
 * command they are for, so that whoever gets one can see whether it is his. Defines service_*,
 * sched_has_spare_cpu and timer_*.
 */
#include "user/service/service.h"

/* What a good answer holds behind the TPM's header. */
struct page_echo {
	uint32_t serial; /* of the execution; from 1 */
	uint32_t locality, len, crc;
} PACKED;

struct page_service {
	uint64_t now;            /* timer_uptime_ns */
	bool helper;             /* sched_has_spare_cpu */
	uint32_t serials;        /* executions so far */
	bool quick;              /* answers within each slice */
	void (*meanwhile)(void); /* the next slice begins with it: another vCPU's call */
};
extern struct page_service page_service;

bool page_service_busy(void);
/* Ends the request under way: SERVICE_OK with an echo, or any status and length with nonsense. */
void page_service_answer(void);
void page_service_misanswer(uint32_t status, uint32_t len);
