/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Fields that the one who relies on the report knows byte by byte, and REPORT_DATA. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "abi/attest.h"
#include "harness/core/util.h"
#include "harness/verify/report_checks.h"

/* A field that has to be what an option gave; without one it is told and not judged. */
struct field {
	const char *check, *option, *todo;
	const uint8_t *have;
	size_t size;
	const struct bytes *wanted;
};

static bool field_wanted(const struct field *f, struct verdict *v)
{
	char *is;

	if (f->wanted->p)
		return verdict_same(v, f->check, f->have, f->wanted->p, f->size, f->todo);
	is = verdict_hex(f->have, f->size);
	verdict_open(v, f->check, "%s (%s)", is, f->option);
	free(is);
	return true;
}

/* A chip is what the certificate says, since a host may mask it in reports. */
static bool chip_wanted(const struct wanted *w, const struct signer *s, struct verdict *v)
{
	if (!w->chip_id.p)
		return true;
	if (s->vlek)
		return verdict_refuse(v, "chip ID",
				      "a VLEK is no chip's: ask the host for a report by its VCEK");
	return verdict_same(v, "chip ID", s->hwid, w->chip_id.p, sizeof(s->hwid),
			    "the guest runs on another processor");
}

static bool svn_wanted(const struct wanted *w, const struct attestation_report *r,
		       struct verdict *v)
{
	if (!w->has_svn)
		return true;
	if (r->guest_svn < w->svn)
		return verdict_refuse(
			v, "SVN",
			"GUEST_SVN is %u, wanted is %u or more: the image is an older one",
			r->guest_svn, w->svn);
	return verdict_ok(v, "SVN", "%u", r->guest_svn);
}

bool fields_wanted(const struct wanted *w, const struct signer *s,
		   const struct attestation_report *r, struct verdict *v)
{
	static const char other_image[] =
		"another image was launched, or with other options or vCPUs";
	static const char other_owner[] = "the guest was launched by another owner's ID block";
	static const char other_host[] = "the host launched the guest with another configuration";
	const struct field fields[] = {
		{"measurement", "--igvm FILE or --measurement HEX", other_image, r->measurement,
		 sizeof(r->measurement), &w->measurement},
		{"host data", "--host-data HEX", other_host, r->host_data, sizeof(r->host_data),
		 &w->host_data},
		{"report ID", "--report-id HEX", "it is another launch's", r->report_id,
		 sizeof(r->report_id), &w->report_id},
		{"family ID", "--family-id HEX", other_owner, r->family_id, sizeof(r->family_id),
		 &w->family_id},
		{"image ID", "--image-id HEX", other_owner, r->image_id, sizeof(r->image_id),
		 &w->image_id},
		{"ID key", "--id-key-digest HEX", other_owner, r->id_key_digest,
		 sizeof(r->id_key_digest), &w->id_key_digest},
		{"author key", "--author-key-digest HEX", other_owner, r->author_key_digest,
		 sizeof(r->author_key_digest), &w->author_key_digest},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (!field_wanted(&fields[i], v))
			return false;
	return chip_wanted(w, s, v) && svn_wanted(w, r, v);
}

/* SVSM specification, chapter 7: SHA-512 over the nonce and the manifest behind it. */
static bool bound_to(const struct bytes *nonce, const struct bytes *manifest,
		     uint8_t digest[EVP_MAX_MD_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha512(), NULL) == 1 &&
		  EVP_DigestUpdate(ctx, nonce->p, nonce->n) == 1 &&
		  EVP_DigestUpdate(ctx, manifest->p, manifest->n) == 1 &&
		  EVP_DigestFinal_ex(ctx, digest, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool data_bound(const struct wanted *w, const struct attestation_report *r, struct verdict *v)
{
	static const char check[] = "report data";
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (w->manifest.p) {
		if (w->nonce.n != ATTEST_NONCE)
			return verdict_refuse(v, check,
					      "a nonce has 64 bytes: with another number, whoever "
					      "asked could have put its end into the manifest");
		if (!bound_to(&w->nonce, &w->manifest, digest))
			return verdict_refuse(v, check, "libcrypto has no SHA-512");
		return verdict_same(v, check, r->report_data, digest, sizeof(r->report_data),
				    "the report is not for SHA-512(nonce || manifest): nonce or "
				    "manifest are another request's");
	}
	if (w->report_data.p)
		return verdict_same(v, check, r->report_data, w->report_data.p,
				    sizeof(r->report_data), "the report is another request's");
	return verdict_open(v, check, "%s",
			    "nobody knows whether it is fresh (--report-data FILE, or --nonce and "
			    "--manifest)");
}
