/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The vTPM's program asks again and again (SERVICE_CALL_REPORT), and each time the conversation
 * goes on by what can be done without lending a CPU: boot/main.c's CPU or a service CPU runs the
 * attestation service meanwhile. It must never leave a message that has its number without an end,
 * nor give a report once the TPM is in use.
 */
#include "protocols/early_report.h"
#include "lib/string.h"
#include "protocols/attest/attest_channel.h"
#include "protocols/attest/attest_lock.h"
#include "protocols/attest/attest_service.h"

static struct {
	bool open; /* without the lock: who closes it may hold LOCK_VTPM */
	bool owns; /* the conversation's request is ours */
	uint8_t data[64];
} early;

void attest_early_open(void)
{
	WRITE_ONCE(early.open, true);
}

void attest_early_close(void)
{
	WRITE_ONCE(early.open, false);
}

static void forget(void)
{
	attest_channel_forget();
	early.owns = false;
}

static enum service_report begin(const uint8_t data[64])
{
	if (!attest_channel_begin_data(data))
		return SERVICE_REPORT_NONE;
	early.owns = true;
	memcpy(early.data, data, sizeof(early.data));
	return SERVICE_REPORT_LATER;
}

/* A program that has died asks for another one than the one before it. */
static enum service_report collect(const uint8_t data[64], struct attestation_report *to)
{
	const struct attestation_report *r = attest_channel_report();
	bool same = memcmp(data, early.data, sizeof(early.data)) == 0;

	if (same && r)
		*to = *r;
	forget();
	return !same ? SERVICE_REPORT_LATER : r ? SERVICE_REPORT_READY : SERVICE_REPORT_NONE;
}

static enum service_report turn(const uint8_t data[64], struct attestation_report *to)
{
	switch (attest_channel_state()) {
	case ATTEST_CHANNEL_LOST:
		return SERVICE_REPORT_NONE;
	case ATTEST_CHANNEL_IDLE:
		return begin(data);
	case ATTEST_CHANNEL_ANSWERED:
		return early.owns ? collect(data, to) : SERVICE_REPORT_LATER;
	default:
		if (early.owns)
			attest_channel_poll();
		return SERVICE_REPORT_LATER;
	}
}

enum service_report attest_early_report(const uint8_t data[64], struct attestation_report *to)
{
	enum service_report r;

	attest_lock();
	r = READ_ONCE(early.open) ? turn(data, to) : SERVICE_REPORT_DENIED;
	attest_unlock();
	return r;
}

void attest_early_lend(uint64_t ns)
{
	struct service_request *r;

	attest_lock();
	r = early.owns ? attest_channel_request() : NULL;
	attest_unlock();
	if (r)
		service_run(&attest_service, r, ns, true);
}

bool attest_early_drain(uint64_t ns)
{
	if (!early.owns)
		return false;
	switch (attest_channel_state()) {
	case ATTEST_CHANNEL_LOST:
		early.owns = false;
		return false;
	case ATTEST_CHANNEL_ANSWERED:
		forget();
		return false;
	default:
		attest_channel_step(ns);
		return true;
	}
}
