/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * One sealed state (docs/persistence.md): a head, and the state encrypted with AES-256-GCM (SP
 * 800-38D). All of the head before the IV is authenticated with it: a state of another format,
 * epoch, counter, length or owner does not open. The IV is random, so one key is good for 2^32 of
 * them (8.3 there).
 */
#include "base/types.h"

#define SEAL_VERSION  1
#define SEAL_KEY      32
#define SEAL_IDENTITY 32
#define SEAL_IV       12
#define SEAL_TAG      16

struct seal_head {
	uint8_t magic[8]; /* "KLSTATE", and a zero */
	uint32_t version;
	uint32_t length;  /* bytes of the state */
	uint64_t epoch;   /* which key */
	uint64_t counter; /* rises with each state that is sealed */
	uint8_t identity[SEAL_IDENTITY];
	uint8_t iv[SEAL_IV]; /* from here on not authenticated as data */
	uint8_t tag[SEAL_TAG];
	uint32_t rsvd;
} PACKED;
ABI_SIZE(struct seal_head, 96, "sealed state: head");

/* Something was sealed here once, whether it opens or not. */
bool seal_there(const struct seal_head *h);
/* Fills magic, version, iv and tag of *h, whose other fields are set, and writes h->length bytes to
 * out. False: no memory, or no random numbers. */
bool seal_close(struct seal_head *h, const uint8_t key[SEAL_KEY], const void *plain, void *out);
/* h->length bytes from `sealed` into plain, which may be the same buffer. False: it is not what was
 * sealed with that key, and plain holds nothing. */
bool seal_open(const struct seal_head *h, const uint8_t key[SEAL_KEY], const void *sealed,
	       void *plain);
