/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Both ends of the channel between SVSM and VMM: ring 3's over a 16550 whose receiver has 16 bytes,
 * and the harness's with a file; and hosts that are absent, slow, deaf at first, that send garbage,
 * old answers, wrong lengths, or refuse (docs/channel.md). Whatever the host does, each call comes
 * back within its bound.
 *
 * sources: svsm/services/lib/channel.c svsm/services/lib/channel_slots.c
 * sources: svsm/services/lib/channel_session.c svsm/lib/channel/channel_frame.c
 * sources: svsm/lib/channel/channel_tag.c svsm/lib/crc32.c
 * sources: harness/channel/answer.c harness/channel/bond.c harness/channel/channel_file.c
 * sources: launch/profiles/words.c harness/core/exitcode.c
 * sources: harness/core/util.c harness/channel/forward.c
 * libs: -lcrypto
 */
#include "tests/native/check.h"
#include "harness/channel/answer.h"
#include "harness/channel/channel_file.h"
#include "lib/channel/channel_tag.h"
#include "services/lib/channel.h"
#include "services/lib/channel_session.h"
#include "services/lib/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS      1000000ull
#define LOOK_NS 10000u
#define FIFO    16u

static char state_path[64];

/* What the kernel keeps for the service. */
static struct {
	struct channel_session session;
	bool there, full;
} kernel;

static struct host {
	struct channel_host real;
	bool absent;
	unsigned deaf;      /* requests that it does not hear */
	uint64_t slow;      /* ns that each answer takes */
	unsigned garbage;   /* bytes of it before each answer */
	bool trickle;       /* a byte of noise at each look, for ever */
	bool old;           /* each answer after that of the request before */
	bool twice;         /* each answer comes two times */
	bool short_answers; /* READ's, of 5 bytes */
	uint8_t version;    /* that it answers; 0: the real one */
	unsigned asked;
	uint64_t now, ready;
	uint64_t pause; /* ns between bytes of a FIFO */
	struct channel_decoder in;
	uint8_t wire[8 * CHANNEL_FRAME_MAX], before[CHANNEL_FRAME_MAX];
	size_t have, before_len;
	uint32_t seed;
} host;

static void reset(void)
{
	if (host.real.file > 0)
		close(host.real.file);
	memset(&host, 0, sizeof(host));
	memset(&kernel, 0, sizeof(kernel));
	host.seed = 88172645u;
	channel_decoder_init(&host.in);
	host.real.file = -1;
	channel_relax();
}

/* The file is new each time. */
static void reset_with_file(void)
{
	char *why;

	reset();
	snprintf(state_path, sizeof(state_path), "/tmp/test_channel.%d", getpid());
	unlink(state_path);
	host.real.file = channel_file_open(state_path, &why);
	CHECK(host.real.file >= 0);
	unlink(state_path);
}

static void append(const uint8_t *p, size_t n)
{
	if (CHECK(host.have + n <= sizeof(host.wire)))
		memcpy(host.wire + host.have, p, n);
	host.have += n;
}

/* An answer to the request in hand, with the right tag. */
static size_t answer_of(uint8_t *out, const void *payload, size_t n)
{
	uint8_t all[CHANNEL_PAYLOAD_MAX];
	struct channel_head h = {.type = host.in.head.type | CHANNEL_ANSWER,
				 .seq = host.in.head.seq};

	memcpy(all, payload, n);
	n = channel_tag_put(host.real.bond.key, h, all, n);
	return channel_frame_encode(out, h, all, n);
}

static void answer(void)
{
	struct channel_hello h = {.version = host.version, .wanted = CHANNEL_FEATURE_SLOTS};
	uint8_t out[CHANNEL_FRAME_MAX];
	size_t n = channel_answer(&host.real, &host.in, out);
	bool waits = host.have; /* one that it is at already is not put off */

	if (host.version && host.in.head.type == CHANNEL_HELLO)
		n = answer_of(out, &h, sizeof(h));
	if (host.short_answers && host.in.head.type == CHANNEL_READ)
		n = answer_of(out, "short", 5);
	if (!n)
		return;
	for (unsigned i = 0; i < host.garbage; i++) {
		uint8_t byte = (uint8_t)check_random(&host.seed);

		append(&byte, 1);
	}
	if (host.old)
		append(host.before, host.before_len);
	append(out, n);
	if (host.twice)
		append(out, n);
	memcpy(host.before, out, n);
	host.before_len = n;
	if (!waits)
		host.ready = host.now + host.slow;
}

static int64_t sent(const uint8_t *p, uint64_t n)
{
	n = MIN(n, SERVICE_CHANNEL_MAX);
	for (uint64_t i = 0; i < n; i++) {
		CHECK(p[i]); /* a zero on the wire is nothing */
		if (!channel_decoder_push(&host.in, p[i]))
			continue;
		host.asked++;
		if (host.deaf)
			host.deaf--;
		else
			answer();
	}
	return (int64_t)n;
}

static int64_t taken(uint8_t *to, uint64_t room)
{
	size_t n = host.now < host.ready ? 0 : MIN(MIN(host.have, FIFO), room);

	memset(to, 0, room);
	if (host.trickle) {
		to[0] = 0x55;
		return (int64_t)room;
	}
	memcpy(to, host.wire, n);
	memmove(host.wire, host.wire + n, host.have - n);
	host.have -= n;
	if (n && host.pause)
		host.ready = host.now + host.pause;
	return (int64_t)room;
}

static int64_t kept(uint64_t number, uint64_t slot, void *blob, uint64_t len)
{
	CHECK_EQ(slot, SERVICE_SLOT_CHANNEL);
	CHECK_EQ(len, sizeof(kernel.session));
	if (number == SERVICE_CALL_STORE && kernel.full)
		return -ENOMEM;
	if (number == SERVICE_CALL_LOAD && !kernel.there)
		return -ENOENT;
	if (number == SERVICE_CALL_LOAD) {
		memcpy(blob, &kernel.session, len);
		return (int64_t)len;
	}
	memcpy(&kernel.session, blob, len);
	kernel.there = true;
	return 0;
}

int64_t service_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	host.now += LOOK_NS;
	if (number == SERVICE_CALL_STORE || number == SERVICE_CALL_LOAD)
		return kept(number, a, (void *)b, c);
	if (host.absent)
		return -ENOENT;
	switch (number) {
	case SERVICE_CALL_CHANNEL_RESET:
		return 0; /* it empties a FIFO of 16 bytes, not what the host has sent already */
	case SERVICE_CALL_CHANNEL_SEND:
		return sent((const uint8_t *)a, b);
	case SERVICE_CALL_CHANNEL_TAKE:
		return taken((uint8_t *)a, b);
	default:
		CHECK(!"a call of the channel's");
		return -EINVAL;
	}
}

uint64_t channel_now(void)
{
	return host.now;
}

/* Some bytes to both slots, across frames, and back. */
static bool works(void)
{
	static uint8_t data[3 * CHANNEL_DATA_MAX + 5], back[sizeof(data)];
	bool ok = true;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(check_random(&host.seed) &
				    0x7f); /* many zeroes, marks, escapes */
	for (unsigned slot = 0; slot < CHANNEL_SLOTS; slot++) {
		memset(back, 0, sizeof(back));
		ok = ok && channel_write(slot, 7, data, sizeof(data)) && channel_sync() &&
		     channel_read(slot, 7, back, sizeof(back)) && !memcmp(data, back, sizeof(data));
	}
	return ok;
}

TEST(slots_keep_what_is_written)
{
	uint8_t byte = 1;

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	CHECK(channel_read(1, CHANNEL_SLOT_SIZE - 1, &byte, 1));
	CHECK_EQ(byte, 0);
	CHECK(works());
	CHECK_EQ(host.in.head.version, CHANNEL_FRAME);
}

TEST(an_absent_port_costs_three_looks)
{
	reset();
	host.absent = true;
	CHECK(!channel_open(CHANNEL_FEATURE_SLOTS));
	CHECK(host.now <= 5 * LOOK_NS);
	CHECK(!channel_sync());
}

TEST(a_silent_host_costs_the_bound_of_hello)
{
	reset_with_file();
	host.deaf = ~0u;
	CHECK(!channel_open(CHANNEL_FEATURE_SLOTS));
	CHECK(host.now >= CHANNEL_HELLO_MS * MS);
	CHECK(host.now < 2 * CHANNEL_HELLO_MS * MS);
	CHECK(host.asked >= 3);
	host.now = 0;
	CHECK(!channel_sync()); /* closed: no time is spent any more */
	CHECK_EQ(host.now, 0);
}

TEST(lost_requests_are_sent_again)
{
	reset_with_file();
	host.deaf = 2;
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	CHECK_EQ(host.asked, 3);
	host.deaf = 3;
	CHECK(works());
}

TEST(slow_hosts_old_answers_doubles_and_noise_do_no_harm)
{
	reset_with_file();
	host.slow = 2500 * MS; /* longer than a request waits before it is sent again */
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	host.slow = 0;
	host.old = host.twice = true;
	CHECK(works());
	host.garbage = 100;
	CHECK(works());
}

TEST(a_host_that_is_too_slow_closes_the_channel)
{
	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	host.now = 0;
	host.deaf = ~0u;
	CHECK(!channel_sync());
	CHECK(host.now >= CHANNEL_ASK_MS * MS);
	CHECK(host.now < 2 * CHANNEL_ASK_MS * MS);
	host.deaf = 0;
	CHECK(!channel_sync());
}

/* Bytes that come put the end off, but not for ever. */
TEST(noise_without_an_end_closes_the_channel)
{
	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	host.now = 0;
	host.trickle = true;
	CHECK(!channel_sync());
	CHECK(host.now >= CHANNEL_ALL_MS * MS);
	CHECK(host.now < 2 * CHANNEL_ALL_MS * MS);
}

/* A busy host: an answer that takes longer than a request waits in silence is not cut off. */
TEST(a_long_answer_is_not_interrupted)
{
	static uint8_t data[CHANNEL_DATA_MAX];

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	host.asked = 0;
	host.pause = 20 * MS; /* 16 bytes each: 5 s and more */
	CHECK(channel_read(0, 0, data, sizeof(data)));
	CHECK_EQ(host.asked, 1);
}

/* Each answer is within its bound, and all of them together are not. */
TEST(a_start_has_a_bound_of_its_own)
{
	unsigned done = 0;
	uint8_t byte;

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	host.now = 0;
	host.slow = 900 * MS;
	channel_hurry();
	while (channel_read(0, 0, &byte, 1) && done < 1000)
		done++;
	CHECK(done > 10);
	CHECK(done < 1000);
	CHECK(host.now < 2 * CHANNEL_ALL_MS * MS);
}

TEST(what_the_host_grants_counts)
{
	reset(); /* no file: no slots */
	CHECK(!channel_open(CHANNEL_FEATURE_SLOTS));
	CHECK(channel_open(0));
	CHECK(!channel_sync());
	reset_with_file();
	CHECK(!channel_open(CHANNEL_FEATURE_SLOTS | BIT(31)));
	host.version = CHANNEL_VERSION + 1; /* newer than the SVSM offered */
	CHECK(!channel_open(CHANNEL_FEATURE_SLOTS));
	host.version = CHANNEL_VERSION - 1; /* without tags */
	CHECK(!channel_open(CHANNEL_FEATURE_SLOTS));
	host.version = CHANNEL_VERSION;
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
}

TEST(an_answer_of_another_length_is_none)
{
	uint8_t data[8];

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	host.short_answers = true;
	CHECK(!channel_read(0, 0, data, sizeof(data)));
}

/* The harness's side of a hostile SVSM. */
TEST(ranges_outside_the_slots_are_refused)
{
	uint8_t data[4] = {0};

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	CHECK(channel_write(1, CHANNEL_SLOT_SIZE - 4, data, 4));
	CHECK(!channel_write(1, CHANNEL_SLOT_SIZE - 3, data, 4));
	CHECK(!channel_write(1, 0xfffffffc, data, 4));
	CHECK(!channel_read(2, 0, data, 4));
	CHECK(!channel_read(0, CHANNEL_SLOT_SIZE, data, 1));
	CHECK(channel_sync());
}

/* A frame of whoever has that key, to the harness: the decoded answer, or false: there is none. */
static bool asks(const uint8_t key[CHANNEL_KEY], struct channel_head h, const void *payload,
		 size_t n, struct channel_decoder *d)
{
	uint8_t all[CHANNEL_PAYLOAD_MAX] = {0}, wire[CHANNEL_FRAME_MAX];

	if (n)
		memcpy(all, payload, n);
	n = channel_frame_encode(wire, h, all, channel_tag_put(key, h, all, n));
	channel_decoder_init(d);
	for (size_t i = 0; i + 1 < n; i++)
		CHECK(!channel_decoder_push(d, wire[i]));
	CHECK(channel_decoder_push(d, wire[n - 1]));
	n = channel_answer(&host.real, d, wire);
	if (!n)
		return false;
	channel_decoder_init(d);
	for (size_t i = 0; i + 1 < n; i++)
		channel_decoder_push(d, wire[i]);
	return CHECK(channel_decoder_push(d, wire[n - 1]));
}

static uint16_t status_of(uint8_t type, const void *payload, size_t n)
{
	struct channel_decoder d;

	if (!CHECK(asks(host.real.bond.key,
			(struct channel_head){.type = type, .seq = host.real.bond.number + 1},
			payload, n, &d)))
		return 0xffff;
	CHECK_EQ(d.head.type, type | CHANNEL_ANSWER);
	CHECK(channel_tag_good(host.real.bond.key, &d, &n));
	return d.head.status;
}

TEST(requests_that_are_none_are_refused)
{
	struct channel_range r = {0, 0, 4};
	uint8_t write[sizeof(r) + 5] = {0};

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	memcpy(write, &r, sizeof(r));
	CHECK_EQ(status_of(0, NULL, 0), CHANNEL_REFUSED);
	CHECK_EQ(status_of(5, NULL, 0), CHANNEL_REFUSED);
	CHECK_EQ(status_of(CHANNEL_HELLO, &r, 4), CHANNEL_REFUSED);
	CHECK_EQ(status_of(CHANNEL_READ, &r, sizeof(r)), CHANNEL_OK);
	CHECK_EQ(status_of(CHANNEL_READ, &r, sizeof(r) - 1), CHANNEL_REFUSED);
	CHECK_EQ(status_of(CHANNEL_READ, write, sizeof(r) + 1), CHANNEL_REFUSED);
	CHECK_EQ(status_of(CHANNEL_WRITE, write, sizeof(r) + 3), CHANNEL_REFUSED);
	CHECK_EQ(status_of(CHANNEL_WRITE, write, sizeof(r) + 5), CHANNEL_REFUSED);
	CHECK_EQ(status_of(CHANNEL_WRITE, write, sizeof(r) + 4), CHANNEL_OK);
	CHECK_EQ(status_of(CHANNEL_SYNC, &r, 1), CHANNEL_REFUSED);
	CHECK_EQ(status_of(CHANNEL_SYNC, NULL, 0), CHANNEL_OK);
}

/* ---- the guest, which reaches the port as well ---- */

static const uint8_t other_key[CHANNEL_KEY] = {1, 2, 3};

static bool guest_says(const uint8_t key[CHANNEL_KEY], uint8_t type, uint32_t seq,
		       const void *payload, size_t n)
{
	struct channel_decoder d;

	return asks(key, (struct channel_head){.type = type, .seq = seq}, payload, n, &d);
}

TEST(requests_of_another_key_get_no_answer_and_change_nothing)
{
	struct channel_range r = {0, 0, 4};
	struct channel_hello h = {.version = CHANNEL_VERSION};
	uint8_t write[sizeof(r) + 4] = {0}, back[4] = {0};
	uint32_t next;

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	CHECK(channel_write(0, 0, "true", 4));
	next = host.real.bond.number + 1;
	memcpy(write, &r, sizeof(r));
	memcpy(h.key, other_key, sizeof(h.key));
	CHECK(!guest_says(other_key, CHANNEL_WRITE, next, write, sizeof(write)));
	CHECK(!guest_says(other_key, CHANNEL_READ, next, &r, sizeof(r)));
	CHECK(!guest_says(other_key, CHANNEL_HELLO, next, &h, sizeof(h)));
	CHECK(!guest_says(other_key, CHANNEL_SYNC, next, NULL, 0));
	CHECK_EQ(host.real.bond.number, next - 1);
	CHECK(channel_read(0, 0, back, 4));
	CHECK(memcmp(back, "true", 4) == 0);
}

/* What the SVSM's kernel says before the guest where there is no key. */
static void kernel_says_no_key(void)
{
	static const uint8_t wire[] = CHANNEL_NO_KEY;
	uint8_t out[CHANNEL_FRAME_MAX];
	size_t n = channel_frame_encode(out, (struct channel_head){0}, "", 0);

	CHECK_EQ(n, sizeof(wire) - 1);
	CHECK(memcmp(out, wire, n) == 0);
	CHECK_EQ(sent(wire, n), n);
	CHECK_EQ(host.asked, 1);
}

/* No key, no channel: a HELLO of the guest's comes too late. */
TEST(a_first_frame_that_is_no_hello_ends_it)
{
	struct channel_hello h = {.version = CHANNEL_VERSION, .wanted = CHANNEL_FEATURE_SLOTS};
	struct channel_range r = {0, 0, 4};

	memcpy(h.key, other_key, sizeof(h.key));
	reset_with_file();
	kernel_says_no_key();
	CHECK(!guest_says(other_key, CHANNEL_HELLO, 1, &h, sizeof(h)));
	CHECK(!guest_says(other_key, CHANNEL_READ, 2, &r, sizeof(r)));
	reset_with_file();
	CHECK(!guest_says(other_key, CHANNEL_READ, 1, &r, sizeof(r)));
	CHECK(!guest_says(other_key, CHANNEL_HELLO, 2, &h, sizeof(h)));
	reset_with_file();
	memset(h.key, 0, sizeof(h.key));
	CHECK(!guest_says(h.key, CHANNEL_HELLO, 1, &h, sizeof(h)));
	memcpy(h.key, other_key, sizeof(h.key));
	CHECK(!guest_says(other_key, CHANNEL_HELLO, 2, &h, sizeof(h)));
	reset_with_file(); /* where it is the first, these words are right */
	CHECK(guest_says(other_key, CHANNEL_HELLO, 1, &h, sizeof(h)));
}

/* The program dies between HELLO's answer and keeping that it came. */
TEST(a_key_is_said_again_until_its_answer_is_kept)
{
	struct channel_hello h;
	uint32_t used;

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	used = host.real.bond.number;
	kernel.session.agreed = 0;
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	memcpy(&h, channel_payload(&host.in), sizeof(h));
	CHECK(memcmp(h.key, host.real.bond.key, sizeof(h.key)) == 0);
	CHECK(host.in.head.seq > used);
	CHECK(works());
}

/* A frame that the guest has read from the port, and sends later: an older save among them. */
TEST(a_request_counts_once)
{
	struct channel_range r = {0, 0, 4};
	uint8_t write[sizeof(r) + 4] = {0}, back[4];
	uint32_t used;

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	memcpy(write, &r, sizeof(r));
	used = host.real.bond.number + 1;
	CHECK(guest_says(host.real.bond.key, CHANNEL_WRITE, used, write, sizeof(write)));
	CHECK(!guest_says(host.real.bond.key, CHANNEL_WRITE, used, write, sizeof(write)));
	channel_open(CHANNEL_FEATURE_SLOTS);
	host.real.bond.number = used; /* as if it had not been sent */
	CHECK(channel_write(0, 0, "true", 4));
	CHECK(!guest_says(host.real.bond.key, CHANNEL_WRITE, used, write, sizeof(write)));
	CHECK(channel_read(0, 0, back, 4));
	CHECK(memcmp(back, "true", 4) == 0);
}

/* Loop back of a 16550: what the guest writes is what the SVSM reads. */
TEST(answers_of_another_key_are_none)
{
	uint8_t back[5];

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	memcpy(host.real.bond.key, other_key, sizeof(other_key));
	host.short_answers = true; /* of the length that is asked for, with the tag of that key */
	host.now = 0;
	CHECK(!channel_read(0, 0, back, 5));
	CHECK(host.now >= CHANNEL_ASK_MS * MS); /* no answer, rather than a wrong one */
}

/* The first HELLO has the key, one after a fault has none, and its numbers have not been used. */
TEST(a_program_that_begins_anew_goes_on_with_the_key)
{
	struct channel_hello h;
	uint32_t used;

	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	memcpy(&h, channel_payload(&host.in), sizeof(h));
	CHECK(memcmp(h.key, host.real.bond.key, sizeof(h.key)) == 0);
	CHECK(kernel.session.agreed);
	CHECK(works());
	used = host.real.bond.number;
	CHECK(kernel.session.next > used);
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	memcpy(&h, channel_payload(&host.in), sizeof(h));
	CHECK(memcmp(h.key, (uint8_t[CHANNEL_KEY]){0}, sizeof(h.key)) == 0);
	CHECK(host.in.head.seq > used);
	CHECK(works());
}

TEST(numbers_end_and_are_not_used_again)
{
	reset_with_file();
	CHECK(channel_open(CHANNEL_FEATURE_SLOTS));
	kernel.session.next = UINT32_MAX;
	CHECK(!channel_open(CHANNEL_FEATURE_SLOTS));
	kernel.session.next = 5000;
	kernel.full = true;
	CHECK(!channel_open(CHANNEL_FEATURE_SLOTS)); /* nobody would know which are used */
	CHECK_EQ(channel_session_number(), 0);
}
