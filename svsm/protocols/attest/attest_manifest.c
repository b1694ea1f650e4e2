/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Manifests, made of keys that the vTPM's program gives one at a time: the contract is in
 * attest_manifest.h. attest.c calls it. A key is a TPM2B_PUBLIC, of which only the length counts
 * here.
 */
#include "protocols/attest/attest_manifest.h"
#include "abi/attest.h"
#include "lib/string.h"
#include "protocols/attest/attest_ahead.h"
#include "protocols/attest/attest_lock.h"
#include "protocols/vtpm.h"
#include "user/service/service.h"

static struct {
	enum attest_manifest_kind kind;
	unsigned keys; /* in it so far */
	uint32_t size;
	uint8_t data[ATTEST_MANIFEST_MAX];
	enum {
		SEED_UNKNOWN,
		SEED_SAME, /* keys made ahead are the TPM's */
		SEED_OTHER
	} seed;
	struct service_request request; /* for a key, perhaps of the manifest before */
	bool asked;                     /* it was submitted, and nobody has seen its end */
	enum {
		FOR_NOBODY,
		FOR_SEED,
		FOR_MANIFEST
	} purpose; /* of the request, as far as this manifest goes */
	uint8_t key[ATTEST_KEY_MAX];
} manifest;

static bool append(const void *from, uint32_t size)
{
	if (size > sizeof(manifest.data) - manifest.size)
		return false;
	memcpy(manifest.data + manifest.size, from, size);
	manifest.size += size;
	return true;
}

static unsigned keys_wanted(void)
{
	return manifest.kind == ATTEST_MANIFEST_VTPM_1 ? VTPM_KEYS : 1;
}

/* ---- what is around the keys ---- */

/* The vTPM's manifest is last, since its length is not known yet. */
static void begin_services(void)
{
	struct attest_manifest_header h = {.guid = ATTEST_GUID_SERVICES, .services = 1};
	struct attest_manifest_entry vtpm = {.guid = ATTEST_GUID_VTPM},
				     state = {.guid = ATTEST_GUID_KEPT};
	struct attest_kept kept;

	if (service_blob_read(&vtpm_service, VTPM_SLOT_KEPT, &kept, sizeof(kept))) {
		h.services = 2;
		state.size = sizeof(kept);
	}
	state.offset = (uint32_t)(sizeof(h) + h.services * sizeof(vtpm));
	vtpm.offset = state.offset + state.size;
	append(&h, sizeof(h));
	append(&vtpm, sizeof(vtpm));
	if (state.size) {
		append(&state, sizeof(state));
		append(&kept, sizeof(kept));
	}
}

static void end_services(void)
{
	struct attest_manifest_header *h = (void *)manifest.data;
	struct attest_manifest_entry *vtpm = (void *)(h + 1);

	h->size = manifest.size;
	vtpm->size = manifest.size - vtpm->offset;
}

static void begin_list(void)
{
	struct attest_vtpm_header h = {.version = __builtin_bswap32(1),
				       .keys = __builtin_bswap32(VTPM_KEYS)};

	append(&h, sizeof(h));
}

void attest_manifest_begin(enum attest_manifest_kind kind)
{
	manifest.kind = kind;
	manifest.keys = manifest.size = 0;
	manifest.seed = SEED_UNKNOWN;
	manifest.purpose = FOR_NOBODY;
	if (kind == ATTEST_MANIFEST_SERVICES)
		begin_services();
	else if (kind == ATTEST_MANIFEST_VTPM_1)
		begin_list();
}

/* ---- keys ---- */

/* Version 0 has the TPMT_PUBLIC, which is the TPM2B_PUBLIC without its size. */
static bool append_key(const uint8_t *key, uint32_t size)
{
	uint32_t head = manifest.kind == ATTEST_MANIFEST_VTPM_1 ? 0 : sizeof(uint16_t);

	if (size <= head || !append(key + head, size - head))
		return false;
	manifest.keys++;
	return true;
}

/* Is the next key there, and what tells whether it is the TPM's? */
static bool made_ahead(void)
{
	uint32_t size;

	return attest_ahead_key(manifest.keys, &size) && attest_ahead_key(VTPM_EK_ECC_P256, &size);
}

static void look_at_seed(void)
{
	uint32_t size;
	const void *key = attest_ahead_key(VTPM_EK_ECC_P256, &size);
	bool same = key && manifest.request.out_len == size && memcmp(key, manifest.key, size) == 0;

	manifest.seed = same ? SEED_SAME : SEED_OTHER;
}

static bool append_ahead(void)
{
	uint32_t size;
	const void *key = attest_ahead_key(manifest.keys, &size);

	return append_key(key, size);
}

static void lend(struct service_request *r, uint64_t ns)
{
	attest_unlock();
	service_run(&vtpm_service, r, ns, true);
	attest_lock();
}

static void ask(uint64_t ns)
{
	bool seed = manifest.seed == SEED_UNKNOWN && made_ahead();
	struct service_request *first;

	manifest.request =
		(struct service_request){.kind = VTPM_REQ_KEY,
					 .arg = seed ? (uint32_t)VTPM_EK_ECC_P256 : manifest.keys,
					 .out = manifest.key,
					 .out_room = sizeof(manifest.key)};
	manifest.purpose = seed ? FOR_SEED : FOR_MANIFEST;
	first = vtpm_submit(&manifest.request);
	manifest.asked = !first;
	if (first)
		lend(first, ns);
}

/* The request's end is seen. False: there is no such key. */
static bool take_key(void)
{
	const struct service_request *r = &manifest.request;
	bool good = r->status == SERVICE_OK && r->out_len <= sizeof(manifest.key);

	manifest.asked = false;
	if (manifest.purpose == FOR_NOBODY)
		return true; /* the manifest that it was for was dropped */
	if (good && manifest.purpose == FOR_SEED)
		look_at_seed();
	else if (good)
		good = append_key(manifest.key, r->out_len);
	return good;
}

enum attest_progress attest_manifest_step(uint64_t ns)
{
	if (!manifest.asked && manifest.keys == keys_wanted()) {
		if (manifest.kind == ATTEST_MANIFEST_SERVICES)
			end_services();
		return ATTEST_DONE;
	}
	if (!manifest.asked && manifest.seed == SEED_SAME && made_ahead())
		return append_ahead() ? ATTEST_GOES_ON : ATTEST_FAILED;
	if (!manifest.asked)
		ask(ns);
	else if (!__atomic_load_n(&manifest.request.done, __ATOMIC_ACQUIRE))
		lend(&manifest.request, ns);
	else if (!take_key())
		return ATTEST_FAILED;
	return ATTEST_GOES_ON;
}

const void *attest_manifest_data(uint32_t *size)
{
	*size = manifest.size;
	return manifest.data;
}
