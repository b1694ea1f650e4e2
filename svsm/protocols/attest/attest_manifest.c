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
#include "protocols/attest/attest_lock.h"
#include "protocols/vtpm.h"
#include "user/service/service.h"

#define KEY_MAX 512

static struct {
	enum attest_manifest_kind kind;
	unsigned keys; /* in it so far */
	uint32_t size;
	uint8_t data[ATTEST_MANIFEST_MAX];
	struct service_request request; /* for a key, perhaps of the manifest before */
	bool asked;                     /* it was submitted, and nobody has seen its end */
	uint8_t key[KEY_MAX];
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

static void begin_services(void)
{
	struct attest_manifest_header h = {.guid = ATTEST_GUID_SERVICES, .services = 1};
	struct attest_manifest_entry vtpm = {.guid = ATTEST_GUID_VTPM,
					     .offset = sizeof(h) + sizeof(vtpm)};

	append(&h, sizeof(h));
	append(&vtpm, sizeof(vtpm));
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
	if (kind == ATTEST_MANIFEST_SERVICES)
		begin_services();
	else if (kind == ATTEST_MANIFEST_VTPM_1)
		begin_list();
}

/* ---- keys ---- */

/* Version 0 has the TPMT_PUBLIC, which is the TPM2B_PUBLIC without its size. */
static bool append_key(void)
{
	const struct service_request *r = &manifest.request;
	uint32_t head = manifest.kind == ATTEST_MANIFEST_VTPM_1 ? 0 : sizeof(uint16_t);

	return r->status == SERVICE_OK && r->out_len > head && r->out_len <= sizeof(manifest.key) &&
	       append(manifest.key + head, r->out_len - head);
}

static void lend(struct service_request *r, uint64_t ns)
{
	attest_unlock();
	service_run(&vtpm_service, r, ns, true);
	attest_lock();
}

static void ask(uint64_t ns)
{
	struct service_request *first;

	manifest.request = (struct service_request){.kind = VTPM_REQ_KEY,
						    .arg = manifest.keys,
						    .out = manifest.key,
						    .out_room = sizeof(manifest.key)};
	first = vtpm_submit(&manifest.request);
	manifest.asked = !first;
	if (first)
		lend(first, ns);
}

/* The request's end is seen. False: there is no such key. */
static bool take_key(void)
{
	manifest.asked = false;
	if (manifest.request.arg != manifest.keys)
		return true; /* of a manifest that nobody wants any more */
	if (!append_key())
		return false;
	manifest.keys++;
	return true;
}

enum attest_progress attest_manifest_step(uint64_t ns)
{
	if (!manifest.asked && manifest.keys == keys_wanted()) {
		if (manifest.kind == ATTEST_MANIFEST_SERVICES)
			end_services();
		return ATTEST_DONE;
	}
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
