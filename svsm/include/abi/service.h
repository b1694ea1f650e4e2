/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The interface between the SVSM's kernel and a service in ring 3. A service is a static Linux
 * program: most of its system calls are Linux's (svsm/user/). The calls below are ours, with the
 * same register convention: number in RAX, arguments in RDI, RSI, RDX, result in RAX, -errno on
 * failure.
 *
 * A service runs in a loop: wait, read, work, write, answer. It has one request at a time. What it
 * reads is the kernel's private copy, which no guest can change.
 */
#include "abi/attest.h"
#include "abi/guest_message.h"
#include "abi/host/channel.h"
#include "abi/host/key_release.h"
#include "abi/launch.h"
#include "base/types.h"

/* clang-format off */
#define SERVICE_CALL_WAIT   0x4b00 /* (struct service_head *head): blocks until there is a request;
				      the same one again when it was not answered */
#define SERVICE_CALL_READ   0x4b01 /* (void *to, offset, len): from the request's data; bytes read */
#define SERVICE_CALL_WRITE  0x4b02 /* (const void *from, offset, len): into the answer; bytes
				      written: all or -EINVAL */
#define SERVICE_CALL_ANSWER 0x4b03 /* (status, len): the request is done, len bytes of answer count */
/* What a service wants to find again when it is started anew after a fault: one blob a slot, kept by
 * the kernel. */
#define SERVICE_CALL_STORE  0x4b04 /* (slot, const void *from, len): replaces the slot's blob, or on
				      failure leaves it */
#define SERVICE_CALL_LOAD   0x4b05 /* (slot, void *to, room): the blob's length; -ENOENT: none;
				      -ENOMEM: no room for all of it */
/*
 * The channel to the VMM, of the one service that the kernel has given it: bytes of a 16550, which may
 * get lost, and come from anybody. No call waits: who waits for an answer asks again, and its turn ends
 * as any other.
 */
#define SERVICE_CALL_CHANNEL_RESET 0x4b0a /* (): empties it both ways; -ENOENT: there is none */
#define SERVICE_CALL_CHANNEL_SEND  0x4b0b /* (from, len): bytes sent; SERVICE_CHANNEL_MAX at most */
#define SERVICE_CALL_CHANNEL_TAKE  0x4b0c /* (to, room): bytes; those that are 0 are none */
/*
 * A report of VMPL 0 with those 64 bytes as its data, for the one service that the kernel lets ask, while
 * it lets (docs/key-release.md): -EPERM: it does not; -EAGAIN: it is being made, ask again for the same;
 * -EIO: there is none to be had.
 */
#define SERVICE_CALL_REPORT 0x4b0d /* (const void *data, void *report) */
/* clang-format on */

#define SERVICE_CHANNEL_MAX 1024

#define SERVICE_SLOTS       4
/* struct channel_session, of the service that has the channel. */
#define SERVICE_SLOT_CHANNEL 1
#define SERVICE_BLOB_MAX     0x40000

/* What that service and the host have agreed upon (abi/host/channel.h). It must have been before
 * the guest runs, which reaches the channel as well: the kernel looks at `agreed` then. */
struct channel_session {
	uint8_t key[CHANNEL_KEY];
	uint32_t next;   /* the first number that no request has had */
	uint32_t agreed; /* the host has answered HELLO */
};

/* What SERVICE_CALL_WAIT fills. */
struct service_head {
	uint32_t kind;     /* each service has its own numbers, below */
	uint32_t arg;      /* depends on the kind */
	uint32_t len;      /* bytes of data to read */
	uint32_t room;     /* bytes of answer that fit */
	uint32_t restarts; /* how often this service has died */
	uint32_t rsvd;
};

/* Status of an answer. */
#define SERVICE_OK      0
#define SERVICE_EINVAL  1 /* not a request that this service knows */
#define SERVICE_EFAILED 2 /* known, but could not be done */
#define SERVICE_LOST    3 /* set by the kernel only: the service died with the request */

/* The vTPM's kinds. */
#define VTPM_REQ_COMMAND 1 /* arg: locality 0..4; data: TPM command; answer: TPM response */
#define VTPM_REQ_KEY     2 /* arg: enum vtpm_key; answer: its TPM2B_PUBLIC */
#define VTPM_REQ_SAVE    3 /* test builds: answer: the whole state, permanent and volatile */
#define VTPM_REQ_RESTORE 4 /* test builds: data: what SAVE gave; the TPM goes on from there */
#define VTPM_REQ_RESET   5 /* test builds: power off and on; the permanent state stays */
/* First of all, before any command. data: struct launch_event, several. arg 0: the guest is
 * firmware itself, so the TPM is only powered and tested; 1: TPM2_Startup(CLEAR), and each event
 * extends its PCR in all banks. A TPM that cannot do all of it serves nobody. */
#define VTPM_REQ_BOOT       6

#define VTPM_SLOT_PERMANENT 0 /* the permanent state, as libtpms writes it */
/* The kernel fills this slot before the service starts, where the launch asks for the TPM's state,
 * and the service adds the keys that it was given, so that it is given them once a launch. */
#define VTPM_SLOT_LAUNCH 3
#define VTPM_SLOT_KEPT   2 /* struct attest_kept, where a state is kept */
struct vtpm_launch {
	uint32_t flags; /* LAUNCH_FLAGS_STATE of the launch page */
	struct launch_state state;
	uint32_t unkept; /* this launch keeps no state, or not any more: nor does a program anew */
	uint32_t proved; /* a state was proved to the server once */
	uint32_t key_count; /* 0: none yet */
	struct release_key keys[RELEASE_KEYS_MAX];
} PACKED;

/* Primary keys of the endorsement hierarchy. Endorsement keys: TCG EK Credential Profile 2.x, annex
 * B. Signing keys: restricted, docs/attestation.md. Their order is that of the vTPM's manifest. */
enum vtpm_key {
	VTPM_EK_RSA2048 = 0,  /* template L-1 */
	VTPM_EK_ECC_P256 = 1, /* template L-2 */
	VTPM_EK_ECC_P384 = 2, /* template H-3 */
	VTPM_AK_RSA2048 = 3,  /* RSASSA with SHA-256 */
	VTPM_AK_ECC_P256 = 4, /* ECDSA with SHA-256 */
	VTPM_AK_ECC_P384 = 5, /* ECDSA with SHA-384 */
	VTPM_KEYS,
};

/*
 * Attestation's kinds: messages to and from the security processor are sealed and opened, with
 * VMPCK0 and the number of the request. SEAL, data: struct attest_seal; answer: the struct
 * guest_message that asks for a report of VMPL 0 over SHA-512 of those bytes. OPEN, data: struct
 * attest_open; answer: the struct report_response in it, or SERVICE_EFAILED: no answer to that
 * request.
 */
#define ATTEST_REQ_SEAL 1
#define ATTEST_REQ_OPEN 2
/* As SEAL, for a report over 64 bytes as they are: those that a key server is shown. */
#define ATTEST_REQ_SEAL_DATA 3

struct attest_head {
	uint8_t key[GUEST_MESSAGE_KEY];
	uint64_t seqno;
};

#define ATTEST_DATA_MAX 0x1800

struct attest_seal {
	struct attest_head head;
	uint8_t data[]; /* ATTEST_DATA_MAX bytes at most */
};

struct attest_open {
	struct attest_head head;
	struct guest_message message;
};
