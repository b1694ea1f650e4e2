/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/sha.h>
#include <string.h>

#include "harness/psp/sealed.h"

bool sealed_once(struct sealed *s, const struct guest_message *m)
{
	uint64_t n = MIN(s->count, (uint64_t)SEALED_MOST);
	size_t at = s->count % SEALED_MOST;
	uint8_t digest[32], bytes[GUEST_MESSAGE_TAG + sizeof(*m)];
	size_t size = GUEST_MESSAGE_HDR_SIZE + m->size - offsetof(struct guest_message, algo);

	/* the tag, and what it is of: nothing else of the page counts */
	memcpy(bytes, m->authtag, GUEST_MESSAGE_TAG);
	memcpy(bytes + GUEST_MESSAGE_TAG, &m->algo, size);
	SHA256(bytes, GUEST_MESSAGE_TAG + size, digest);
	for (size_t i = 0; i < n; i++)
		if (s->seen[i].seqno == m->seqno && s->seen[i].vmpck == m->vmpck)
			return memcmp(s->seen[i].digest, digest, sizeof(digest)) == 0;
	s->seen[at].seqno = m->seqno;
	s->seen[at].vmpck = m->vmpck;
	memcpy(s->seen[at].digest, digest, sizeof(digest));
	s->count++;
	return true;
}
