/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Builds TPM commands in big endian, in a buffer of fixed size, and sends them to the TPM of this
 * program. For commands of the service's own (boot.c, ek.c, recover.c); the guest's commands never
 * pass here. A message that outgrows its buffer is a mistake in this program, so it asserts.
 */
#include <assert.h>
#include <string.h>
#include "services/vtpm/message.h"
#include "services/vtpm/tpm.h"

#define TPM_ST_SESSIONS 0x8002
#define TPM_RS_PW       0x40000009
#define TPM_SU_CLEAR    0x0000

static void put(struct message *m, uint32_t at, uint32_t v, unsigned bytes)
{
	assert(at + bytes <= sizeof(m->data));
	for (unsigned i = 0; i < bytes; i++)
		m->data[at + i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

static void append(struct message *m, uint32_t v, unsigned bytes)
{
	put(m, m->len, v, bytes);
	m->len += bytes;
}

void message_u8(struct message *m, uint8_t v)
{
	append(m, v, 1);
}

void message_u16(struct message *m, uint16_t v)
{
	append(m, v, 2);
}

void message_u32(struct message *m, uint32_t v)
{
	append(m, v, 4);
}

void message_bytes(struct message *m, const void *from, uint32_t len)
{
	assert(len <= sizeof(m->data) - m->len);
	memcpy(m->data + m->len, from, len);
	m->len += len;
}

uint32_t message_open(struct message *m)
{
	message_u16(m, 0);
	return m->len;
}

void message_close(struct message *m, uint32_t at)
{
	put(m, at - 2, m->len - at, 2);
}

static void begin(struct message *m, uint16_t tag, uint32_t command)
{
	m->len = 0;
	message_u16(m, tag);
	message_u32(m, 0); /* size: message_end() fills it in */
	message_u32(m, command);
}

void message_begin(struct message *m, uint32_t command)
{
	begin(m, TPM_ST_NO_SESSIONS, command);
}

/* Authorisation by a password session (TPM_RS_PW) with the empty password. */
void message_begin_auth(struct message *m, uint32_t command, uint32_t handle)
{
	begin(m, TPM_ST_SESSIONS, command);
	message_u32(m, handle);
	message_u32(m, 9); /* size of the authorisations */
	message_u32(m, TPM_RS_PW);
	message_u16(m, 0); /* nonce */
	message_u8(m, 0);  /* attributes */
	message_u16(m, 0); /* the empty password */
}

/* Anything shorter than a header counts as a failure. */
static uint32_t response_code(const struct message *m)
{
	const uint8_t *p = m->data + offsetof(struct tpm_header, code);

	return m->len < sizeof(struct tpm_header)
		       ? TPM_RC_FAILURE
		       : (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void message_end(struct message *m)
{
	put(m, offsetof(struct tpm_header, size), m->len, 4);
}

/* The command is copied, because tpm_command() overwrites it and the response goes into m. */
bool message_send(struct message *m, uint8_t locality)
{
	uint8_t command[sizeof(m->data)];
	uint32_t len = m->len;

	message_end(m);
	memcpy(command, m->data, len);
	m->len = tpm_command(locality, command, len, m->data, sizeof(m->data));
	return response_code(m) == 0;
}

bool message_startup(void)
{
	struct message m;

	message_begin(&m, TPM_CC_STARTUP);
	message_u16(&m, TPM_SU_CLEAR);
	return message_send(&m, 0);
}

bool message_clear(void)
{
	struct message m;

	message_begin_auth(&m, TPM_CC_CLEAR, TPM_RH_PLATFORM);
	return message_send(&m, 0);
}

bool message_clear_control(bool disable)
{
	struct message m;

	message_begin_auth(&m, TPM_CC_CLEAR_CONTROL, TPM_RH_PLATFORM);
	message_u8(&m, disable);
	return message_send(&m, 0);
}

bool message_hierarchy_off(uint32_t hierarchy)
{
	struct message m;

	message_begin_auth(&m, TPM_CC_HIERARCHY_CONTROL, TPM_RH_PLATFORM);
	message_u32(&m, hierarchy);
	message_u8(&m, 0);
	return message_send(&m, 0);
}
