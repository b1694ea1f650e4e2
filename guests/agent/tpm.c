/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

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

void tpm_put(struct tpm_message *m, const void *bytes, size_t n)
{
	if (n > sizeof(m->bytes) - m->len)
		abort();
	memcpy(m->bytes + m->len, bytes, n);
	m->len += n;
}

void tpm_put8(struct tpm_message *m, uint8_t v)
{
	tpm_put(m, &v, 1);
}

void tpm_put16(struct tpm_message *m, uint16_t v)
{
	tpm_put8(m, v >> 8);
	tpm_put8(m, v & 0xff);
}

void tpm_put32(struct tpm_message *m, uint32_t v)
{
	tpm_put16(m, v >> 16);
	tpm_put16(m, v & 0xffff);
}

bool tpm_get(struct tpm_message *m, void *bytes, size_t n)
{
	if (n > m->len - m->at)
		return false;
	memcpy(bytes, m->bytes + m->at, n);
	m->at += n;
	return true;
}

uint16_t tpm_get16(struct tpm_message *m)
{
	uint8_t b[2] = {0};

	tpm_get(m, b, sizeof(b));
	return (uint16_t)(b[0] << 8 | b[1]);
}

uint32_t tpm_get32(struct tpm_message *m)
{
	uint32_t high = tpm_get16(m);

	return high << 16 | tpm_get16(m);
}

void tpm_begin(struct tpm_message *m, uint32_t code)
{
	m->len = m->at = 0;
	tpm_put16(m, TPM_ST_NO_SESSIONS);
	tpm_put32(m, 0); /* the length, when it is known */
	tpm_put32(m, code);
}

void tpm_put_password(struct tpm_message *m)
{
	m->bytes[1] = TPM_ST_SESSIONS & 0xff;
	tpm_put32(m, 9);
	tpm_put32(m, TPM_RS_PW);
	tpm_put16(m, 0); /* nonce */
	tpm_put8(m, 0);  /* attributes */
	tpm_put16(m, 0); /* password */
}

/* ---- the device ---- */

int tpm_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		agent_fail(AGENT_HERE, "%s: %s", path, strerror(errno));
	return fd;
}

static void set_length(struct tpm_message *m)
{
	size_t len = m->len;

	m->len = 2;
	tpm_put32(m, (uint32_t)len);
	m->len = len;
}

uint32_t tpm_run(int fd, struct tpm_message *command, struct tpm_message *response)
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
	return tpm_get32(response) == response->len ? tpm_get32(response) : ~0u;
}

/* ---- whole commands ---- */

uint32_t tpm_random(int fd, void *bytes, uint16_t n)
{
	struct tpm_message m;
	uint32_t rc;

	tpm_begin(&m, TPM_CC_GET_RANDOM);
	tpm_put16(&m, n);
	rc = tpm_run(fd, &m, &m);
	return rc || (tpm_get16(&m) == n && tpm_get(&m, bytes, n)) ? rc : ~0u;
}

/* One bank, three bytes of bits. */
static void put_pcr(struct tpm_message *m, unsigned pcr)
{
	tpm_put32(m, 1);
	tpm_put16(m, TPM_ALG_SHA256);
	tpm_put8(m, 3);
	for (unsigned i = 0; i < 3; i++)
		tpm_put8(m, pcr / 8 == i ? 1u << pcr % 8 : 0);
}

uint32_t tpm_pcr_read(int fd, unsigned pcr, uint8_t digest[32])
{
	struct tpm_message m;
	uint32_t rc;

	tpm_begin(&m, TPM_CC_PCR_READ);
	put_pcr(&m, pcr);
	rc = tpm_run(fd, &m, &m);
	if (rc)
		return rc;
	m.at += 4 + 10; /* the update counter, the selection again */
	return tpm_get32(&m) == 1 && tpm_get16(&m) == 32 && tpm_get(&m, digest, 32) ? 0 : ~0u;
}

uint32_t tpm_hash(int fd, const void *bytes, uint16_t n, uint8_t digest[32])
{
	struct tpm_message m;
	uint32_t rc, object;

	tpm_begin(&m, TPM_CC_HASH_SEQUENCE);
	tpm_put16(&m, 0); /* no password */
	tpm_put16(&m, TPM_ALG_SHA256);
	rc = tpm_run(fd, &m, &m);
	if (rc)
		return rc;
	object = tpm_get32(&m);
	tpm_begin(&m, TPM_CC_SEQUENCE_UPDATE);
	tpm_put32(&m, object);
	tpm_put_password(&m);
	tpm_put16(&m, n);
	tpm_put(&m, bytes, n);
	rc = tpm_run(fd, &m, &m);
	if (rc)
		return rc;
	tpm_begin(&m, TPM_CC_SEQUENCE_COMPLETE);
	tpm_put32(&m, object);
	tpm_put_password(&m);
	tpm_put16(&m, 0); /* nothing more */
	tpm_put32(&m, TPM_RH_NULL);
	rc = tpm_run(fd, &m, &m);
	if (rc)
		return rc;
	m.at += 4; /* the size of what follows */
	return tpm_get16(&m) == 32 && tpm_get(&m, digest, 32) ? 0 : ~0u;
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
	tpm_put16(m, sizeof(fixed) + 2 + sizeof(unique));
	tpm_put(m, fixed, sizeof(fixed));
	tpm_put16(m, sizeof(unique));
	tpm_put(m, unique, sizeof(unique));
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

	tpm_put16(m, sizeof(template));
	tpm_put(m, template, sizeof(template));
}

/* TPM2_Create or TPM2_CreatePrimary. */
static void create(struct tpm_message *m, uint32_t code, uint32_t parent,
		   void (*put_template)(struct tpm_message *m))
{
	tpm_begin(m, code);
	tpm_put32(m, parent);
	tpm_put_password(m);
	tpm_put16(m, 4); /* no password, no data */
	tpm_put32(m, 0);
	put_template(m);
	tpm_put16(m, 0); /* no outside information */
	tpm_put32(m, 0); /* no creation PCRs */
	set_length(m);
}

void tpm_rsa_command(struct tpm_message *m)
{
	create(m, TPM_CC_CREATE_PRIMARY, TPM_RH_OWNER, put_rsa_template);
}

bool tpm_rsa_child_command(int fd, struct tpm_message *m)
{
	create(m, TPM_CC_CREATE_PRIMARY, TPM_RH_OWNER, put_ecc_template);
	if (tpm_run(fd, m, m))
		return false;
	create(m, TPM_CC_CREATE, tpm_get32(m), put_rsa_template);
	return true;
}

uint32_t tpm_make_rsa(int fd)
{
	struct tpm_message m;
	uint32_t rc, object;

	tpm_rsa_command(&m);
	rc = tpm_run(fd, &m, &m);
	if (rc)
		return rc;
	object = tpm_get32(&m);
	tpm_begin(&m, TPM_CC_FLUSH_CONTEXT);
	tpm_put32(&m, object);
	return tpm_run(fd, &m, &m);
}
