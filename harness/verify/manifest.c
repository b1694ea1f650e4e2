/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <string.h>

#include "abi/attest.h"
#include "harness/verify/manifest.h"

static const uint8_t services_guid[] = ATTEST_GUID_SERVICES, vtpm_guid[] = ATTEST_GUID_VTPM,
		     kept_guid[] = ATTEST_GUID_KEPT;

/* Version 0: the endorsement key alone. */
static const char *read_vtpm_0(struct blob bytes, struct manifest *m)
{
	if (!tpm_public_read(bytes, &m->key[0]))
		return "it is no TPMT_PUBLIC, as the vTPM's manifest of version 0 is";
	m->keys = 1;
	if (!tpm_public_is(&m->key[0], TPMA_ENDORSEMENT))
		return "its key is no endorsement key: a TPM made it to decrypt, and for nothing "
		       "else";
	return NULL;
}

/* Version 1: as many TPM2B_PUBLIC as it says, and nothing behind them. */
static const char *read_vtpm_1(struct blob bytes, struct manifest *m)
{
	uint32_t version, count;
	struct blob key;

	m->form = MANIFEST_VTPM_1;
	if (!blob_u32(&bytes, &version) || !blob_u32(&bytes, &count))
		return "it is cut short";
	if (!count || count > MANIFEST_KEYS_MAX)
		return "it has no keys, or more than 32";
	for (m->keys = 0; m->keys < count; m->keys++)
		if (!blob_sized(&bytes, &key) || !tpm_public_read(key, &m->key[m->keys]))
			return "a key in it is no TPM2B_PUBLIC of a kind that is known here";
	return bytes.n ? "there is something behind its last key" : NULL;
}

/* The two begin with different words: a version, and a key's algorithms. */
static const char *read_vtpm(struct blob bytes, struct manifest *m)
{
	static const unsigned char version_1[] = {0, 0, 0, 1};

	if (bytes.n >= sizeof(version_1) && !memcmp(bytes.p, version_1, sizeof(version_1)))
		return read_vtpm_1(bytes, m);
	return read_vtpm_0(bytes, m);
}

static const char *read_kept(struct blob bytes, struct manifest *m)
{
	if (m->has_kept || bytes.n != sizeof(m->kept))
		return "it has two words about the TPM's kept state, or one of another length";
	memcpy(&m->kept, bytes.p, sizeof(m->kept));
	m->has_kept = true;
	return m->kept.keys > ATTEST_KEPT_UNSIGNED || m->kept.rsvd
		       ? "it says of the TPM's kept state what is not known here"
		       : NULL;
}

/* Of one service; offset and size are checked before they are used. */
static const char *read_entry(struct blob bytes, uint64_t data_at, const unsigned char *at,
			      struct manifest *m)
{
	struct attest_manifest_entry e;

	memcpy(&e, at, sizeof(e));
	if (e.size && (e.offset < data_at || (uint64_t)e.offset + e.size > bytes.n))
		return "a service's manifest in it is outside of it";
	if (memcmp(e.guid, kept_guid, sizeof(kept_guid)) == 0)
		return read_kept((struct blob){bytes.p + e.offset, e.size}, m);
	if (memcmp(e.guid, vtpm_guid, sizeof(vtpm_guid)) != 0 || !e.size)
		return NULL;
	return m->keys ? "it lists the vTPM twice"
		       : read_vtpm((struct blob){bytes.p + e.offset, e.size}, m);
}

static const char *read_services(struct blob bytes, struct manifest *m)
{
	struct attest_manifest_header h;
	const char *wrong = NULL;
	uint64_t data_at;

	if (bytes.n < sizeof(h))
		return "it is cut short";
	memcpy(&h, bytes.p, sizeof(h));
	data_at = sizeof(h) + (uint64_t)h.services * sizeof(struct attest_manifest_entry);
	if (h.size != bytes.n || data_at > bytes.n)
		return "its size or its number of services is not that of the file";
	for (uint32_t i = 0; i < h.services && !wrong; i++)
		wrong = read_entry(bytes, data_at,
				   bytes.p + sizeof(h) + i * sizeof(struct attest_manifest_entry),
				   m);
	m->form = MANIFEST_SERVICES;
	m->services = h.services;
	return wrong;
}

const char *manifest_read(struct blob bytes, struct manifest *m)
{
	*m = (struct manifest){.form = MANIFEST_VTPM_0};
	if (bytes.n >= sizeof(services_guid) &&
	    !memcmp(bytes.p, services_guid, sizeof(services_guid)))
		return read_services(bytes, m);
	return read_vtpm(bytes, m);
}
