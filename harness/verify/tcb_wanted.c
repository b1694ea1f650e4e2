/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* TCB_VERSIONs of a report, part by part: 56860, "TCB_VERSION". */
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/verify/report_checks.h"

#define TCB_BYTES 8

/* Which bytes of TCB_VERSION are parts, from the first to start to the last. */
static const uint8_t old_parts[] = {0, 1, 6, 7}, turin_parts[] = {0, 1, 2, 3, 7};

static const uint8_t *parts_of(const struct signer *s, unsigned *n)
{
	*n = s->turin ? ARRAY_LEN(turin_parts) : ARRAY_LEN(old_parts);
	return s->turin ? turin_parts : old_parts;
}

/* "9.0.23.72", as --tcb takes it. */
static char *text_of(const struct signer *s, const uint8_t tcb[TCB_BYTES])
{
	unsigned n;
	const uint8_t *part = parts_of(s, &n);
	char *text = str("%u", tcb[part[0]]);

	for (unsigned i = 1; i < n; i++) {
		char *more = str("%s.%u", text, tcb[part[i]]);

		free(text);
		text = more;
	}
	return text;
}

static bool at_least(const uint8_t have[TCB_BYTES], const uint8_t least[TCB_BYTES])
{
	for (unsigned i = 0; i < TCB_BYTES; i++)
		if (have[i] < least[i])
			return false;
	return true;
}

/* One refusal: what of it is below which. */
static bool below(struct verdict *v, const struct signer *s, const char *name,
		  const uint8_t have[TCB_BYTES], const char *other, const uint8_t least[TCB_BYTES],
		  const char *todo)
{
	char *is = text_of(s, have), *should = text_of(s, least);

	verdict_refuse(v, "TCB", "%s is %s, in a part below %s, %s: %s", name, is, other, should,
		       todo);
	free(is);
	free(should);
	return false;
}

/* Nothing runs below what the host has committed to, or reports to run. */
static bool in_order(const struct signer *s, const struct attestation_report *r, struct verdict *v)
{
	static const char todo[] = "no firmware reports such a thing";

	if (!at_least(r->current_tcb, r->committed_tcb))
		return below(v, s, "CURRENT_TCB", r->current_tcb, "COMMITTED_TCB", r->committed_tcb,
			     todo);
	if (!at_least(r->current_tcb, r->reported_tcb))
		return below(v, s, "CURRENT_TCB", r->current_tcb, "REPORTED_TCB", r->reported_tcb,
			     todo);
	return true;
}

/*
 * All four: a firmware that is current and not committed can be taken back, and one that was too
 * old at the launch has seen the guest's memory.
 */
static bool new_enough(const struct wanted *w, const struct signer *s,
		       const struct attestation_report *r, struct verdict *v)
{
	const struct {
		const char *name;
		const uint8_t *tcb;
	} all[] = {{"REPORTED_TCB", r->reported_tcb},
		   {"COMMITTED_TCB", r->committed_tcb},
		   {"CURRENT_TCB", r->current_tcb},
		   {"LAUNCH_TCB", r->launch_tcb}};
	uint8_t least[TCB_BYTES] = {0};
	unsigned n;
	const uint8_t *part = parts_of(s, &n);

	if (w->tcb_parts != n)
		return verdict_refuse(v, "TCB", "--tcb has %u parts, where %s's has %u%s",
				      w->tcb_parts, s->product, n,
				      s->turin ? ", with FMC first" : "");
	for (unsigned i = 0; i < n; i++)
		least[part[i]] = (uint8_t)w->tcb[i];
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!at_least(all[i].tcb, least))
			return below(
				v, s, all[i].name, all[i].tcb, "what is wanted", least,
				"the host's firmware has to be updated, and the guest launched "
				"again");
	return true;
}

bool tcb_wanted(const struct wanted *w, const struct signer *s, const struct attestation_report *r,
		struct verdict *v)
{
	char *text;

	if (!in_order(s, r, v) || (w->tcb_parts && !new_enough(w, s, r, v)))
		return false;
	text = text_of(s, r->reported_tcb);
	if (w->tcb_parts)
		verdict_ok(v, "TCB", "%s, and none of the four is below what is wanted", text);
	else
		verdict_open(v, "TCB", "%s (--tcb LEAST)", text);
	free(text);
	return true;
}
