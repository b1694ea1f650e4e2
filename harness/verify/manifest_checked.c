/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Manifest and quote: what the report's REPORT_DATA leads on to. */
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/verbs/quote.h"
#include "harness/verify/report_checks.h"
#include "harness/verify/manifest.h"

static bool tell(const struct manifest *m, struct verdict *v)
{
	if (m->form == MANIFEST_SERVICES)
		return verdict_ok(v, "manifest", "of %u services, the vTPM %s", m->services,
				  m->keys ? "among them" : "not among them");
	if (m->form == MANIFEST_VTPM_0)
		return verdict_ok(v, "manifest", "of the vTPM, version 0: its %s endorsement key",
				  tpm_public_name(&m->key[0]));
	return verdict_ok(v, "manifest", "of the vTPM, version 1: %u keys", m->keys);
}

/* "sha256:0,4", and the values in that order; malloc'ed. */
static char *selection_of(const struct wanted_pcrs *wanted, uint8_t values[VERIFY_PCRS * 64],
			  size_t *n)
{
	char *text = str("%s", wanted->bank);

	*n = 0;
	for (unsigned i = 0; i < VERIFY_PCRS; i++) {
		char *more;

		if (!(wanted->mask >> i & 1))
			continue;
		more = str("%s%c%u", text, *n ? ',' : ':', i);
		memcpy(values + *n, wanted->value[i].p, wanted->value[i].n);
		*n += wanted->value[i].n;
		free(text);
		text = more;
	}
	return text;
}

/* All of the quote, by a key that is known to have signed it. */
static const char *quote_says(const struct wanted *w, const char *pem)
{
	const struct bytes *nonce = w->quote_nonce.p ? &w->quote_nonce : &w->nonce;
	uint8_t values[VERIFY_PCRS * 64];
	size_t n = 0;
	char *selection = w->pcrs.bank ? selection_of(&w->pcrs, values, &n) : NULL;
	const struct quote q = {.pem = {(const unsigned char *)pem, strlen(pem)},
				.attest = {w->quote.p, w->quote.n},
				.signature = {w->quote_signature.p, w->quote_signature.n},
				.pcrs = {values, n},
				.nonce = {nonce->p, nonce->n},
				.selection = selection};
	const char *wrong = quote_wrong(&q);

	free(selection);
	return wrong;
}

static bool has_signed(const char *pem, const struct wanted *w)
{
	const struct blob key = {(const unsigned char *)pem, pem ? strlen(pem) : 0};
	unsigned hash;

	return pem &&
	       !signature_tpmt_wrong(key, (struct blob){w->quote_signature.p, w->quote_signature.n},
				     (struct blob){w->quote.p, w->quote.n}, &hash);
}

/* Of the keys that attest, the one that has signed the quote. */
static bool quote_checked(const struct wanted *w, const struct manifest *m, struct verdict *v)
{
	unsigned attesting = 0;

	for (unsigned i = 0; i < m->keys; i++) {
		bool attests = tpm_public_is(&m->key[i], TPMA_ATTESTATION);
		char *pem = attests ? tpm_public_pem(&m->key[i]) : NULL;
		bool found = has_signed(pem, w);
		const char *wrong = found ? quote_says(w, pem) : NULL;

		attesting += attests;
		free(pem);
		if (wrong)
			return verdict_refuse(
				v, "quote",
				"%s: it is another request's, or the guest has measured "
				"something else",
				wrong);
		if (found)
			return verdict_ok(v, "quote", "signed by key %u of the manifest, %s%s",
					  i + 1, tpm_public_name(&m->key[i]),
					  w->pcrs.bank ? ", of these PCR values" : "");
	}
	return verdict_refuse(
		v, "quote",
		"none of the manifest's %u keys that attest (restricted, to sign) has "
		"signed it: %s",
		attesting,
		attesting ? "another TPM's key has, or it was changed"
			  : "ask the SVSM for the vTPM's manifest of version 1");
}

bool manifest_checked(const struct wanted *w, struct verdict *v)
{
	struct manifest m;
	const char *wrong;

	if (!w->manifest.p)
		return verdict_open(v, "manifest", "--nonce FILE --manifest FILE");
	wrong = manifest_read((struct blob){w->manifest.p, w->manifest.n}, &m);
	if (wrong)
		return verdict_refuse(v, "manifest", "%s", wrong);
	tell(&m, v);
	if (!kept_wanted(w, &m, v))
		return false;
	if (!w->quote.p)
		return verdict_open(v, "quote", "--quote FILE --quote-signature FILE");
	if (!quote_checked(w, &m, v))
		return false;
	return w->pcrs.bank || verdict_open(v, "PCRs", "--pcr BANK:N=HEX");
}
