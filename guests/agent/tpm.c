/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A few TPM 2.0 commands as bytes, for the agent's tests of the driver: the contract is in tpm.h.
 * It uses no TPM library, so the tests run in an image that has none. A response is the TPM's word
 * and never trusted: each length is checked before it is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "abi/vtpm.h"
#include "agent/agent.h"
#include "agent/tpm.h"

#define TPM_ST_SESSIONS 0x8002

/* ---- messages ---- */

/* Appends bytes. A command that does not fit is a mistake of this file, so it aborts. */
static void put(struct tpm_message *m, const void *bytes, size_t n)
{
	if (n > sizeof(m->bytes) - m->len)
		abort();
	memcpy(m->bytes + m->len, bytes, n);
	m->len += n;
}

static void put8(struct tpm_message *m, uint8_t v)
{
	put(m, &v, 1);
}

static void put16(struct tpm_message *m, uint16_t v)
{
	put8(m, v >> 8);
	put8(m, v & 0xff);
}

static void put32(struct tpm_message *m, uint32_t v)
{
	put16(m, v >> 16);
	put16(m, v & 0xffff);
}

/* Takes the next bytes of a response. False: there are not that many, and nothing is taken. */
static bool get(struct tpm_message *m, void *bytes, size_t n)
{
	if (n > m->len - m->at)
		return false;
	memcpy(bytes, m->bytes + m->at, n);
	m->at += n;
	return true;
}

/* Big endian. Past the end it is 0, so a short response becomes a wrong value and not a crash. */
static uint16_t get16(struct tpm_message *m)
{
	uint8_t b[2] = {0};

	get(m, b, sizeof(b));
	return (uint16_t)(b[0] << 8 | b[1]);
}

static uint32_t get32(struct tpm_message *m)
{
	uint32_t high = get16(m);

	return high << 16 | get16(m);
}

/* A command without sessions. run() fills in the length; put_password() changes the tag. */
static void begin(struct tpm_message *m, uint32_t code)
{
	m->len = m->at = 0;
	put16(m, TPM_ST_NO_SESSIONS);
	put32(m, 0); /* the length, when it is known */
	put32(m, code);
}

/* The authorisation area of a handle with an empty password; turns the tag into TPM_ST_SESSIONS. */
static void put_password(struct tpm_message *m)
{
	m->bytes[1] = TPM_ST_SESSIONS & 0xff;
	put32(m, 9);
	put32(m, TPM_RS_PW);
	put16(m, 0); /* nonce */
	put8(m, 0);  /* attributes */
	put16(m, 0); /* password */
}

/* ---- the device ---- */

int tpm_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		agent_fail(AGENT_HERE, "%s: %s", path, strerror(errno));
	return fd;
}

/* Writes the length into the header, which stands behind the 2 bytes of the tag. */
static void set_length(struct tpm_message *m)
{
	size_t len = m->len;

	m->len = 2;
	put32(m, (uint32_t)len);
	m->len = len;
}

/*
 * Sends a command and takes its response, to be read behind the header; the response code. ~0:
 * there is none: errno says why, or the header is not that of a response.
 */
static uint32_t run(int fd, struct tpm_message *command, struct tpm_message *response)
{
	ssize_t n;

	set_length(command);
	if (write(fd, command->bytes, command->len) != (ssize_t)command->len)
		return ~0u;
	n = read(fd, response->bytes, sizeof(response->bytes));
	if (n < 0)
		return ~0u;
	errno = 0;
	response->len = (size_t)n;
	response->at = sizeof(uint16_t);
	return get32(response) == response->len ? get32(response) : ~0u;
}

/* ---- whole commands ---- */

uint32_t tpm_random(int fd, void *bytes, uint16_t n)
{
	struct tpm_message m;
	uint32_t rc;

	begin(&m, TPM_CC_GET_RANDOM);
	put16(&m, n);
	rc = run(fd, &m, &m);
	return rc || (get16(&m) == n && get(&m, bytes, n)) ? rc : ~0u;
}

/* One bank, three bytes of bits. */
static void put_pcr(struct tpm_message *m, unsigned pcr)
{
	put32(m, 1);
	put16(m, TPM_ALG_SHA256);
	put8(m, 3);
	for (unsigned i = 0; i < 3; i++)
		put8(m, pcr / 8 == i ? 1u << pcr % 8 : 0);
}

uint32_t tpm_pcr_read(int fd, unsigned pcr, uint8_t digest[32])
{
	struct tpm_message m;
	uint32_t rc;

	begin(&m, TPM_CC_PCR_READ);
	put_pcr(&m, pcr);
	rc = run(fd, &m, &m);
	if (rc)
		return rc;
	m.at += 4 + 10; /* the update counter, the selection again */
	return get32(&m) == 1 && get16(&m) == 32 && get(&m, digest, 32) ? 0 : ~0u;
}

uint32_t tpm_hash(int fd, const void *bytes, uint16_t n, uint8_t digest[32])
{
	struct tpm_message m;
	uint32_t rc, object;

	begin(&m, TPM_CC_HASH_SEQUENCE);
	put16(&m, 0); /* no password */
	put16(&m, TPM_ALG_SHA256);
	rc = run(fd, &m, &m);
	if (rc)
		return rc;
	object = get32(&m);
	begin(&m, TPM_CC_SEQUENCE_UPDATE);
	put32(&m, object);
	put_password(&m);
	put16(&m, n);
	put(&m, bytes, n);
	rc = run(fd, &m, &m);
	if (rc)
		return rc;
	begin(&m, TPM_CC_SEQUENCE_COMPLETE);
	put32(&m, object);
	put_password(&m);
	put16(&m, 0); /* nothing more */
	put32(&m, TPM_RH_NULL);
	rc = run(fd, &m, &m);
	if (rc)
		return rc;
	m.at += 4; /* the size of what follows */
	return get16(&m) == 32 && get(&m, digest, 32) ? 0 : ~0u;
}

/* Part 1, 25.3: a key is a function of seed and template; bytes of `unique` make it another. */
static void put_rsa_template(struct tpm_message *m)
{
	static const uint8_t fixed[] = {
		0x00, 0x01,                         /* RSA */
		0x00, 0x0b,                         /* names by SHA-256 */
		0x00, 0x03, 0x00, 0x72,             /* restricted decryption key of this TPM */
		0x00, 0x00,                         /* no policy */
		0x00, 0x06, 0x00, 0x80, 0x00, 0x43, /* AES-128 CFB for its children */
		0x00, 0x10,                         /* no scheme */
		0x08, 0x00,                         /* 2048 bits */
		0x00, 0x00, 0x00, 0x00,             /* 65537 */
	};
	uint8_t unique[256];

	if (getrandom(unique, sizeof(unique), 0) != sizeof(unique))
		abort();
	put16(m, sizeof(fixed) + 2 + sizeof(unique));
	put(m, fixed, sizeof(fixed));
	put16(m, sizeof(unique));
	put(m, unique, sizeof(unique));
}

static void put_ecc_template(struct tpm_message *m)
{
	static const uint8_t template[] = {
		0x00, 0x23,                         /* ECC */
		0x00, 0x0b,                         /* the same as for RSA */
		0x00, 0x03, 0x00, 0x72,             /* ... */
		0x00, 0x00,                         /* ... */
		0x00, 0x06, 0x00, 0x80, 0x00, 0x43, /* ... */
		0x00, 0x10,                         /* no scheme */
		0x00, 0x03, 0x00, 0x10,             /* P-256, no key derivation */
		0x00, 0x00, 0x00, 0x00,             /* unique: no x, no y */
	};

	put16(m, sizeof(template));
	put(m, template, sizeof(template));
}

/* TPM2_Create or TPM2_CreatePrimary. */
static void create(struct tpm_message *m, uint32_t code, uint32_t parent,
		   void (*put_template)(struct tpm_message *m))
{
	begin(m, code);
	put32(m, parent);
	put_password(m);
	put16(m, 4); /* no password, no data */
	put32(m, 0);
	put_template(m);
	put16(m, 0); /* no outside information */
	put32(m, 0); /* no creation PCRs */
	set_length(m);
}

void tpm_rsa_command(struct tpm_message *m)
{
	create(m, TPM_CC_CREATE_PRIMARY, TPM_RH_OWNER, put_rsa_template);
}

bool tpm_rsa_child_command(int fd, struct tpm_message *m)
{
	create(m, TPM_CC_CREATE_PRIMARY, TPM_RH_OWNER, put_ecc_template);
	if (run(fd, m, m))
		return false;
	create(m, TPM_CC_CREATE, get32(m), put_rsa_template);
	return true;
}

uint32_t tpm_make_rsa(int fd)
{
	struct tpm_message m;
	uint32_t rc, object;

	tpm_rsa_command(&m);
	rc = run(fd, &m, &m);
	if (rc)
		return rc;
	object = get32(&m);
	begin(&m, TPM_CC_FLUSH_CONTEXT);
	put32(&m, object);
	return run(fd, &m, &m);
}
