/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * MSG_KEY_REQ: a key that only this guest can have, the same at each launch. Nobody can compute it
 * outside of the processor, so the derivation is ours: HMAC-SHA-384, keyed by the chip's or the
 * cloud's secret, of a label, what is always mixed in, and the fields that were asked for.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "harness/psp/chain.h"
#include "harness/psp/payload.h"

#define ROOT_VMRK     BIT(0)
#define ROOT_RESERVED (~7u)
#define KEY_SEL(root) ((root) >> 1 & KEY_SEL_MASK)

/* What the key depends on. A field that was not asked for is zero, and `fields` tells which. */
struct derivation {
	char label[16];
	uint8_t host_data[32];
	uint8_t owner_digest[48]; /* the author's key, else the ID key */
	uint64_t fields;
	uint64_t policy;
	uint8_t image_id[16], family_id[16];
	uint8_t measurement[48];
	uint8_t tcb[8];
	uint32_t root_key, vmpl, guest_svn, rsvd;
} PACKED;

static void gather(const struct psp *p, const struct key_request *r, struct derivation *d)
{
	const struct psp_guest *g = &p->guest;

	*d = (struct derivation){.label = "keelson key",
				 .fields = r->fields,
				 .root_key = r->root_key,
				 .vmpl = r->vmpl};
	memcpy(d->host_data, p->config->host_data, sizeof(d->host_data));
	memcpy(d->owner_digest, g->author_key ? g->author_key_digest : g->id_key_digest,
	       sizeof(d->owner_digest));
	if (r->fields & KEY_FIELD_POLICY)
		d->policy = g->policy;
	if (r->fields & KEY_FIELD_IMAGE_ID)
		memcpy(d->image_id, g->image_id, sizeof(d->image_id));
	if (r->fields & KEY_FIELD_FAMILY_ID)
		memcpy(d->family_id, g->family_id, sizeof(d->family_id));
	if (r->fields & KEY_FIELD_MEASUREMENT)
		memcpy(d->measurement, g->measurement, sizeof(d->measurement));
	if (r->fields & KEY_FIELD_GUEST_SVN)
		d->guest_svn = r->guest_svn;
	if (r->fields & KEY_FIELD_TCB)
		memcpy(d->tcb, r->tcb, sizeof(d->tcb));
}

static bool derive(const struct psp *p, const struct key_request *r, enum endorsement of,
		   uint8_t key[32])
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	struct derivation d;
	unsigned n = 0;
	bool ok;

	gather(p, r, &d);
	ok = HMAC(EVP_sha384(), chain_root(p->chain, of), PSP_SECRET, (const uint8_t *)&d,
		  sizeof(d), mac, &n) != NULL;
	memcpy(key, mac, 32);
	OPENSSL_cleanse(mac, sizeof(mac));
	return ok;
}

/* Each part of the asked TCB must be one that the processor has reached. */
static bool tcb_reached(const uint8_t asked[PSP_TCB], const uint8_t committed[PSP_TCB])
{
	for (unsigned i = 0; i < PSP_TCB; i++)
		if (asked[i] > committed[i])
			return false;
	return true;
}

static enum snp_status check(const struct psp *p, unsigned vmpck, const struct key_request *r,
			     size_t n, enum endorsement *of)
{
	if (n != sizeof(*r) || r->root_key & ROOT_RESERVED || r->rsvd_04 ||
	    r->fields & ~KEY_FIELDS || !psp_vmpl_allowed(vmpck, r->vmpl) ||
	    r->guest_svn > p->guest.guest_svn || !tcb_reached(r->tcb, p->config->tcb))
		return SNP_STATUS_INVALID_PARAM;
	/* No migration agent gave a VMRK, and a masked chip key is none. */
	if (r->root_key & ROOT_VMRK || !psp_select(p, KEY_SEL(r->root_key), of) ||
	    (p->config->mask_chip_key && *of == ENDORSEMENT_VCEK))
		return SNP_STATUS_INVALID_KEY;
	return SNP_STATUS_SUCCESS;
}

size_t psp_key(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	struct key_response response = {0};
	struct key_request request = {0};
	enum endorsement of;

	memcpy(&request, in, MIN(n, sizeof(request)));
	response.status = check(p, vmpck, &request, n, &of);
	if (response.status == SNP_STATUS_SUCCESS && !derive(p, &request, of, response.key))
		response.status = SNP_STATUS_INVALID_KEY;
	memcpy(out, &response, sizeof(response));
	OPENSSL_cleanse(&response, sizeof(response));
	return sizeof(struct key_response);
}
