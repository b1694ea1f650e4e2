/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What can be said of a report without knowing who signed it. */
#include <inttypes.h>
#include <string.h>

#include "harness/verify/report_checks.h"

#define PLATFORM_INFO_V2 0x1full
#define PLATFORM_INFO_V3 0x3full
#define PLATFORM_INFO_V5 0xbfull
#define KEY_INFO_KNOWN   0x1fu
#define NUMBER_BYTES     48 /* of R and S on P-384; their fields have 72 */

/* A stretch of the report that has to be zero, from a version on. */
struct reserved {
	const char *name;
	uint16_t at, size;
	uint8_t until; /* the first version in which it means something; 0: none */
};

#define FIELD(f)      offsetof(struct attestation_report, f)
#define STRETCH(f)    FIELD(f), sizeof(((struct attestation_report *)0)->f)
#define NUMBER_END(f) FIELD(f) + NUMBER_BYTES, 72 - NUMBER_BYTES
#define LAST_OF_4(f)  FIELD(f) + 3, 1

static const struct reserved reserved[] = {
	{"offset 0x4c", STRETCH(rsvd_4c), 0},
	{"CPUID_FAM_ID, which version 2 does not have,", FIELD(cpuid_family), 3, 3},
	{"offset 0x18b", STRETCH(rsvd_18b), 0},
	{"offset 0x1eb", LAST_OF_4(current_version), 0},
	{"offset 0x1ef", LAST_OF_4(committed_version), 0},
	{"LAUNCH_MIT_VECTOR, which comes with version 5,", STRETCH(launch_mit_vector), 5},
	{"CURRENT_MIT_VECTOR, which comes with version 5,", STRETCH(current_mit_vector), 5},
	{"offset 0x208", STRETCH(rsvd_208), 0},
	{"the end of the signature's R", NUMBER_END(signature_r), 0},
	{"the end of the signature's S", NUMBER_END(signature_s), 0},
	{"offset 0x330", STRETCH(rsvd_330), 0},
};

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n && !*p)
		p++, n--;
	return !n;
}

static bool reserved_zero(const struct attestation_report *r, struct verdict *v)
{
	const uint8_t *bytes = (const void *)r;

	for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
		const struct reserved *f = &reserved[i];

		if ((!f->until || r->version < f->until) && !all_zero(bytes + f->at, f->size))
			return verdict_refuse(v, "reserved",
					      "%s is not zero, as it has to be: this report was "
					      "changed, or it is "
					      "of a form that came later: use a newer verifier",
					      f->name);
	}
	return true;
}

static bool bits_known(const struct attestation_report *r, struct verdict *v)
{
	uint64_t known = r->version < 3   ? PLATFORM_INFO_V2
			 : r->version < 5 ? PLATFORM_INFO_V3
					  : PLATFORM_INFO_V5;

	if (r->platform_info & ~known)
		return verdict_refuse(v, "reserved",
				      "PLATFORM_INFO is 0x%" PRIx64
				      ", of which version %u knows 0x%" PRIx64
				      ": use a newer verifier",
				      r->platform_info, r->version, known);
	if (r->key_info & ~KEY_INFO_KNOWN)
		return verdict_refuse(v, "reserved",
				      "the key information at 0x48 is 0x%x, of which 0x%x is "
				      "known: use a newer verifier",
				      r->key_info, KEY_INFO_KNOWN);
	return verdict_ok(v, "reserved", "all zero");
}

bool report_form(const struct evidence *e, struct attestation_report *r, struct verdict *v)
{
	if (e->report.n != sizeof(*r))
		return verdict_refuse(
			v, "size",
			"%zu bytes, where a report has %zu: give the report alone, as "
			"configfs-tsm's outblob has it",
			e->report.n, sizeof(*r));
	memcpy(r, e->report.p, sizeof(*r));
	if (r->version < 2 || r->version > 5)
		return verdict_refuse(v, "version",
				      "%u, where 2 to 5 are known: this is no report, or one that "
				      "takes a newer verifier",
				      r->version);
	verdict_ok(v, "version", "%u", r->version);
	if (r->signature_algo != REPORT_SIGNATURE_ECDSA_P384)
		return verdict_refuse(
			v, "algorithm",
			"SIGNATURE_ALGO is %u, where 1 is ECDSA on P-384 with SHA-384: "
			"there is no other",
			r->signature_algo);
	return reserved_zero(r, v) && bits_known(r, v);
}
