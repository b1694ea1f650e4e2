/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "bare/machine/gcm.h"
#include "lib/string.h"

#define BLOCK  16
#define ROUNDS 14 /* of AES-256 */
#define AAD    (GUEST_MESSAGE_HDR_SIZE - offsetof(struct guest_message, algo))

/* ---- AES, encryption only: FIPS 197, chapter 5 ---- */

static uint8_t sbox[256], round_keys[(ROUNDS + 1) * BLOCK];

/* Times x in GF(2^8). */
static uint8_t twice(uint8_t v)
{
	return (uint8_t)(v << 1 ^ (v & 0x80 ? 0x1b : 0));
}

static uint8_t rotate(uint8_t v, unsigned n)
{
	return (uint8_t)(v << n | v >> (8 - n));
}

/* p goes through all powers of 3, and q through their inverses. */
static void make_sbox(void)
{
	uint8_t p = 1, q = 1;

	do {
		p ^= twice(p);
		q ^= (uint8_t)(q << 1);
		q ^= (uint8_t)(q << 2);
		q ^= (uint8_t)(q << 4);
		q ^= q & 0x80 ? 0x09 : 0;
		sbox[p] = (uint8_t)(q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4) ^
				    0x63);
	} while (p != 1);
	sbox[0] = 0x63;
}

static void expand(const uint8_t key[GUEST_MESSAGE_KEY])
{
	uint8_t rcon = 1, *w = round_keys;

	make_sbox();
	memcpy(w, key, GUEST_MESSAGE_KEY);
	for (unsigned i = GUEST_MESSAGE_KEY; i < sizeof(round_keys); i += 4) {
		bool first = i % GUEST_MESSAGE_KEY == 0, sub = i % BLOCK == 0;

		for (unsigned j = 0; j < 4; j++) {
			uint8_t v = w[i - 4 + (first ? (j + 1) % 4 : j)];

			v = sub ? sbox[v] : v;
			w[i + j] = (uint8_t)(w[i - GUEST_MESSAGE_KEY + j] ^ v ^
					     (first && !j ? rcon : 0));
		}
		rcon = first ? twice(rcon) : rcon;
	}
}

/* SubBytes and ShiftRows; bytes are in columns of four. */
static void substitute(uint8_t s[BLOCK])
{
	uint8_t t[BLOCK];

	for (unsigned i = 0; i < BLOCK; i++)
		t[i] = sbox[s[(i + 4 * (i % 4)) % BLOCK]];
	memcpy(s, t, BLOCK);
}

static void mix(uint8_t c[4])
{
	uint8_t all = c[0] ^ c[1] ^ c[2] ^ c[3], first = c[0];

	for (unsigned i = 0; i < 4; i++)
		c[i] ^= all ^ twice(c[i] ^ (i < 3 ? c[i + 1] : first));
}

static void add_key(uint8_t s[BLOCK], unsigned round)
{
	for (unsigned i = 0; i < BLOCK; i++)
		s[i] ^= round_keys[round * BLOCK + i];
}

static void encrypt(uint8_t s[BLOCK])
{
	add_key(s, 0);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		substitute(s);
		for (unsigned c = 0; c < 4 && round < ROUNDS; c++)
			mix(s + 4 * c);
		add_key(s, round);
	}
}

/* ---- GCM: SP 800-38D, chapters 6 and 7 ---- */

static uint8_t hash_key[BLOCK], hash[BLOCK];

static void multiply(void)
{
	uint8_t z[BLOCK] = {0}, v[BLOCK];

	memcpy(v, hash_key, BLOCK);
	for (unsigned bit = 0; bit < 8 * BLOCK; bit++) {
		uint8_t low = v[BLOCK - 1] & 1;

		for (unsigned i = 0; i < BLOCK && hash[bit / 8] >> (7 - bit % 8) & 1; i++)
			z[i] ^= v[i];
		for (unsigned i = BLOCK; i--;)
			v[i] = (uint8_t)(v[i] >> 1 | (i ? v[i - 1] << 7 : 0));
		v[0] ^= low ? 0xe1 : 0;
	}
	memcpy(hash, z, BLOCK);
}

/* n is a multiple of a block. */
static void add(const uint8_t *p, size_t n)
{
	for (; n; n -= BLOCK, p += BLOCK) {
		for (unsigned i = 0; i < BLOCK; i++)
			hash[i] ^= p[i];
		multiply();
	}
}

/* The block of counter n: E(IV, n). */
static void stream(const struct guest_message *m, uint32_t n, uint8_t out[BLOCK])
{
	memset(out, 0, BLOCK);
	memcpy(out, &m->seqno, sizeof(m->seqno));
	n = __builtin_bswap32(n);
	memcpy(out + 12, &n, sizeof(n));
	encrypt(out);
}

/* Of the sealed payload. */
static void tag(const struct guest_message *m, uint8_t out[BLOCK])
{
	uint64_t sizes[2] = {__builtin_bswap64(8 * AAD), __builtin_bswap64(8ull * m->size)};

	memset(hash_key, 0, BLOCK);
	encrypt(hash_key);
	memset(hash, 0, BLOCK);
	add((const uint8_t *)m + offsetof(struct guest_message, algo), AAD);
	add(m->payload, m->size);
	add((const uint8_t *)sizes, sizeof(sizes));
	stream(m, 1, out);
	for (unsigned i = 0; i < BLOCK; i++)
		out[i] ^= hash[i];
}

static void crypt(struct guest_message *m)
{
	uint8_t block[BLOCK];

	for (unsigned i = 0; i < m->size; i++) {
		if (i % BLOCK == 0)
			stream(m, 2 + i / BLOCK, block);
		m->payload[i] ^= block[i % BLOCK];
	}
}

void gcm_seal(struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY])
{
	expand(key);
	crypt(m);
	memset(m->authtag, 0, sizeof(m->authtag));
	tag(m, m->authtag);
}

bool gcm_open(struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY])
{
	uint8_t want[BLOCK];

	expand(key);
	if (m->size % BLOCK || m->size > GUEST_MESSAGE_PAYLOAD_MAX)
		return false;
	tag(m, want);
	if (memcmp(want, m->authtag, BLOCK))
		return false;
	crypt(m);
	return true;
}
