/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* TPM commands from their text form, and what is read out of responses. */
#include "bare/lib/tpm.h"
#include "bare/lib/test.h"
#include "lib/string.h"

#define ST_SESSIONS 0x8002
#define RS_PW       0x40000009u
#define DEPTH       4

/* n bytes at an offset, big endian, as all of a TPM message is. */
static void put(struct tpm_message *m, uint32_t at, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		m->data[at + i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

static void append(struct tpm_message *m, uint64_t v, unsigned n)
{
	REQUIRE(m->len + n <= sizeof(m->data));
	put(m, m->len, v, n);
	m->len += n;
}

static void append_bytes(struct tpm_message *m, const void *from, uint32_t n)
{
	REQUIRE(n <= sizeof(m->data) - m->len);
	memcpy(m->data + m->len, from, n);
	m->len += n;
}

static void append_zeros(struct tpm_message *m, uint32_t n)
{
	REQUIRE(n <= sizeof(m->data) - m->len);
	memset(m->data + m->len, 0, n);
	m->len += n;
}

/*
 * The authorization area of n sessions with an empty password: it has a size of its own, and the
 * message's tag says that there is one.
 */
static void sessions(struct tpm_message *m, uint32_t handle, unsigned n)
{
	put(m, 0, ST_SESSIONS, 2);
	append(m, 9 * n, 4);
	while (n--) {
		append(m, handle, 4);
		append(m, 0, 2);
		append(m, 1, 1); /* continueSession */
		append(m, 0, 2);
	}
}

/* Behind an @: %4 is a session's handle, pw is one password session, pw2 is two. */
static const char *authorization(struct tpm_message *m, const char *p, va_list *ap)
{
	if (strncmp(p, "%4", 2) == 0) {
		sessions(m, va_arg(*ap, unsigned), 1);
		return p + 2;
	}
	REQUIRE(strncmp(p, "pw", 2) == 0);
	if (p[2] == '2') {
		sessions(m, RS_PW, 2);
		return p + 3;
	}
	sessions(m, RS_PW, 1);
	return p + 2;
}

/* Behind a %: takes the next argument as tpm.h says. */
static void argument(struct tpm_message *m, char kind, va_list *ap)
{
	const char *s;

	switch (kind) {
	case '1':
	case '2':
	case '4':
		append(m, va_arg(*ap, unsigned), (unsigned)(kind - '0'));
		break;
	case 's':
		s = va_arg(*ap, const char *);
		append_bytes(m, s, (uint32_t)strlen(s));
		break;
	case 'z':
		append_zeros(m, va_arg(*ap, unsigned));
		break;
	default:
		REQUIRE_EQ(kind, 'm');
		s = va_arg(*ap, const char *);
		append_bytes(m, s, va_arg(*ap, unsigned));
	}
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	REQUIRE(c >= 'a' && c <= 'f');
	return (unsigned)(c - 'a' + 10);
}

static const char *byte(struct tpm_message *m, const char *p)
{
	append(m, digit(p[0]) << 4 | digit(p[1]), 1);
	return p + 2;
}

/*
 * One pass over the text. `opened` remembers where the sizes of open TPM2Bs go; the size of the
 * whole message comes last.
 */
void tpm_vbuild(struct tpm_message *m, const char *p, va_list args)
{
	uint32_t opened[DEPTH];
	unsigned depth = 0;
	va_list ap;

	va_copy(ap, args);
	m->len = 0;
	append(m, TPM_ST_NO_SESSIONS, 2);
	append(m, 0, 4); /* size: at the end */
	while (*p) {
		switch (*p) {
		case ' ':
			p++;
			break;
		case '[':
			REQUIRE(depth < DEPTH);
			opened[depth++] = m->len;
			append(m, 0, 2);
			p++;
			break;
		case ']':
			REQUIRE(depth > 0);
			put(m, opened[depth - 1], m->len - opened[depth - 1] - 2, 2);
			depth--;
			p++;
			break;
		case '@':
			p = authorization(m, p + 1, &ap);
			break;
		case '%':
			argument(m, p[1], &ap);
			p += 2;
			break;
		default:
			p = byte(m, p);
		}
	}
	va_end(ap);
	REQUIRE_EQ(depth, 0);
	put(m, offsetof(struct tpm_header, size), m->len, 4);
}

void tpm_build(struct tpm_message *m, const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	tpm_vbuild(m, text, ap);
	va_end(ap);
}

uint64_t tpm_get(const struct tpm_message *m, uint32_t at, unsigned n)
{
	uint64_t v = 0;

	if (at > m->len || m->len - at < n)
		return 0;
	for (unsigned i = 0; i < n; i++)
		v = v << 8 | m->data[at + i];
	return v;
}

uint32_t tpm_code(const struct tpm_message *r)
{
	uint64_t tag = tpm_get(r, 0, 2), code = tpm_get(r, offsetof(struct tpm_header, code), 4);

	if (r->len < sizeof(struct tpm_header) ||
	    tpm_get(r, offsetof(struct tpm_header, size), 4) != r->len)
		return TPM_MALFORMED;
	if (code != 0 && (r->len != sizeof(struct tpm_header) || tag != TPM_ST_NO_SESSIONS))
		return TPM_MALFORMED;
	return tag == TPM_ST_NO_SESSIONS || tag == ST_SESSIONS ? (uint32_t)code : TPM_MALFORMED;
}

uint32_t tpm_parameters(const struct tpm_message *r, bool handle)
{
	return (uint32_t)sizeof(struct tpm_header) + (handle ? 4 : 0) +
	       (tpm_get(r, 0, 2) == ST_SESSIONS ? 4 : 0);
}

uint32_t tpm_skip(const struct tpm_message *m, uint32_t at)
{
	return at + 2 + (uint32_t)tpm_get(m, at, 2);
}
