/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What several of the vTPM's tests do. Commands are text: lib/tpm.h. */
#include "bare/lib/vtpm.h"

#define SHA256_SIZE 32
#define OWNER       0x40000001u
#define LOCKOUT     0x4000000au
#define PLATFORM    0x4000000cu

/* PCR n of the SHA-256 bank. */
struct digest {
	uint8_t b[SHA256_SIZE];
};
struct digest pcr_read(unsigned n);
uint32_t pcr_extend(uint8_t locality, unsigned n); /* by one fixed digest */
bool digest_is(struct digest d, uint8_t byte);     /* all bytes are that */
bool digest_same(struct digest a, struct digest b);

/* Handle of a new object or session in the last response; the test ends when it failed. */
uint32_t new_handle(uint32_t code);
uint32_t flush(uint32_t handle);
/* Quick to make: an HMAC key in the owner's hierarchy. */
uint32_t make_hmac_key(void);
/* ECC P-256 storage key in the owner's hierarchy, not subject to dictionary attacks. */
uint32_t make_storage_key(void);
/* The slow command: an RSA-2048 key under a parent. */
#define TEXT_CREATE_RSA                                                                            \
	"00000153 %4 @pw [ [] [] ] [ 0001 000b 00060472 [] 0010 0010 0800 00000000 [] ] [] "       \
	"00000000"
/* A slower one, RSA-3072: many times what a call takes, however lucky its search for primes. */
#define TEXT_CREATE_RSA_3072                                                                       \
	"00000153 %4 @pw [ [] [] ] [ 0001 000b 00060472 [] 0010 0010 0c00 00000000 [] ] [] "       \
	"00000000"

/* NV index 01800001, a counter; defines it and counts once. */
void counter_define(void);
uint32_t counter_increment(void);
uint64_t counter_read(void);

/* Calls and deaths so far, from the test protocol. */
struct vtpm_stats {
	uint64_t calls, retries, longest_ns, restarts;
};
struct vtpm_stats vtpm_stats(void);

/* The TPM answers as it should: GetRandom and a PCR. */
void still_works(void);
