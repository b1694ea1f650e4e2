/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The two ways to a TPM that are compared. One command at a time, at locality 0. */
#include "services/vtpm/message.h"

#define WAY_RESPONSE_MAX 4096

struct way {
	const char *name;
	/* The response's length; 0: it failed, and said why with external_fail(). */
	uint32_t (*send)(const struct message *command, uint8_t response[WAY_RESPONSE_MAX]);
};

/* ---- device.c: /dev/tpm0, that is the guest's driver, the SVSM and its service in ring 3 ---- */
bool device_open(void);
extern const struct way way_device;

/* ---- library.c: libtpms in this program, the very sources of the service around it ---- */
/* A TPM that goes on from a snapshot (services/vtpm/snapshot.h). */
bool library_start(const void *snapshot, uint32_t len);
extern const struct way way_library;
