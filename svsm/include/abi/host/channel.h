/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The channel between the SVSM and the VMM (docs/channel.md): frames over a 16550 at
 * Q35_CHANNEL_PORT. The SVSM asks, the host answers, one request at a time. A request may come
 * twice, because its answer was lost, and doing it twice is doing it once.
 *
 * The guest reaches the port as well. So both agree upon a key before it runs, in HELLO, and each
 * frame's payload ends with a tag under that key: the first CHANNEL_TAG bytes of HMAC-SHA-256 (RFC
 * 2104) over the head, with version CHANNEL_FRAME, the length without the tag and a CRC of 0, and
 * over the payload. Numbers rise from request to request, so a frame that somebody has kept counts
 * for nothing later. A host answers nothing to a frame with another tag or an old number, and to
 * none at all after a first one that is no HELLO: CHANNEL_NO_KEY, which the SVSM sends before the
 * guest runs when it has said none, so that the guest cannot.
 *
 * On the wire a frame stands between two CHANNEL_MARK bytes, with the octet stuffing of RFC 1662
 * (4.2): a mark, an escape or a zero inside is CHANNEL_ESCAPE and the byte with bit 5 flipped. No
 * byte on the wire is 0, so the SVSM reads a FIFO without looking whether it has something: an
 * empty one reads as 0 (QEMU, hw/char/serial.c, serial_ioport_read()).
 */
#include "base/types.h"

#define CHANNEL_MARK    0x7e
#define CHANNEL_ESCAPE  0x7d
#define CHANNEL_FLIP    0x20

#define CHANNEL_FRAME   1 /* of a frame's form; HELLO is about what is in them */
#define CHANNEL_VERSION 2

/* Those bytes: an empty frame of type 0 and number 0. */
#define CHANNEL_NO_KEY                                                                             \
	"\x7e\x01\x7d\x20\x7d\x20\x7d\x20\x7d\x20\x7d\x20\x7d\x20\x7d\x20\x7d\x20\x7d\x20\x7d\x20" \
	"\x7d\x20\xc4\xda\xd3\x42\x7e"

#define CHANNEL_KEY 32
#define CHANNEL_TAG 16

/* Requests. An answer has the same type with CHANNEL_ANSWER. */
enum channel_type {
	CHANNEL_HELLO = 1, /* struct channel_hello; answer: the same struct */
	CHANNEL_READ = 2,  /* struct channel_range; answer: its bytes */
	CHANNEL_WRITE = 3, /* struct channel_range, then its bytes; answer: none */
	CHANNEL_SYNC =
		4, /* answered once all that was written before outlives a crash of the host */
	CHANNEL_TELL = 5, /* struct channel_part, then bytes of a message; answer: none */
	CHANNEL_HEAR =
		6, /* struct channel_part; answer: the same struct, then bytes of the answer */
};
#define CHANNEL_ANSWER 0x80

/* Status of an answer. */
#define CHANNEL_OK      0
#define CHANNEL_REFUSED 1 /* not a request that this host knows, or grants */
#define CHANNEL_FAILED  2 /* known, but the host could not do it */
#define CHANNEL_LATER   3 /* HEAR: there is no answer to that message yet */

struct channel_head {
	uint8_t version; /* CHANNEL_FRAME */
	uint8_t type;
	uint16_t status; /* answers; 0 in requests */
	uint32_t seq;    /* from 1 on; the answer has its request's */
	uint32_t length; /* of the payload, which follows, its tag included */
	uint32_t crc;    /* CRC-32 of this head with 0 here, and of the payload */
} PACKED;
ABI_SIZE(struct channel_head, 16, "channel: head");

#define CHANNEL_DATA_MAX    4096u
#define CHANNEL_PLAIN_MAX   (12u + CHANNEL_DATA_MAX) /* a range and as many bytes */
#define CHANNEL_PAYLOAD_MAX (CHANNEL_PLAIN_MAX + CHANNEL_TAG)

/*
 * What both will speak from here on. The SVSM says its newest version, what it cannot do without
 * and what it would like; the host answers with a version that is not newer, and with those of both
 * that it has. The first key counts, until the machine is off: a HELLO that comes later has the tag
 * of that key and none of its own, which the guest could read.
 */
struct channel_hello {
	uint32_t version;
	uint32_t wanted, optional; /* CHANNEL_FEATURE_*; answer: granted, 0 */
	uint8_t key[CHANNEL_KEY];  /* random, not all zero; later and in the answer: 0 */
} PACKED;
ABI_SIZE(struct channel_hello, 44, "channel: hello");

#define CHANNEL_FEATURE_SLOTS BIT(0) /* READ, WRITE, SYNC: two slots that outlive the VM */
#define CHANNEL_FEATURE_KEYS  BIT(1) /* TELL, HEAR: messages for a key server */

#define CHANNEL_SLOTS         2u
#define CHANNEL_SLOT_SIZE     0x41000u /* bytes of each; what was never written reads as 0 */

struct channel_range {
	uint32_t slot, offset, length; /* length: CHANNEL_DATA_MAX at most */
} PACKED;
ABI_SIZE(struct channel_range, 12, "channel: range");

/*
 * Messages for somebody behind the host, and their answers, of RELEASE_MESSAGE_MAX bytes at most
 * (abi/host/key_release.h). Both go in parts, in order; a message is complete when offset and
 * length of a part make its total. The answer has the number of its message, and
 * the host keeps the last one of each. A part at offset 0 begins a message anew, whatever was
 * there.
 */
struct channel_part {
	uint32_t number, offset;
	uint32_t total; /* bytes of the whole; HEAR's request: 0 */
} PACKED;
ABI_SIZE(struct channel_part, 12, "channel: part");
