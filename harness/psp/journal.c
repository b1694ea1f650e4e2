/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "harness/psp/journal.h"
#include "harness/core/util.h"

/* Of the header's type, which nobody has verified. */
static const char *type_name(uint8_t type)
{
	switch (type) {
	case GUEST_MESSAGE_CPUID_REQ:
		return "CPUID";
	case GUEST_MESSAGE_KEY_REQ:
		return "KEY";
	case GUEST_MESSAGE_REPORT_REQ:
		return "REPORT";
	case GUEST_MESSAGE_TSC_INFO_REQ:
		return "TSC_INFO";
	default:
		return "unknown";
	}
}

static const char *result_name(uint64_t info2)
{
	switch (info2) {
	case SNP_STATUS_SUCCESS:
		return "answered";
	case SNP_STATUS_INVALID_GUEST_STATE:
		return "not launched";
	case SNP_STATUS_BAD_MEASUREMENT:
		return "wrong tag";
	case SNP_STATUS_INVALID_PARAM:
		return "invalid";
	case SNP_STATUS_AEAD_OFLOW:
		return "wrong number";
	case VMM_ERROR_INVALID_LEN:
		return "no room";
	case VMM_ERROR_BUSY:
		return "busy";
	default:
		return "failed";
	}
}

void journal_note(FILE **f, const char *path, uint64_t ms, const struct psp_link_request *q,
		  const struct guest_message *m, const struct psp_link_reply *r)
{
	if (!*f)
		*f = fopen(path, "we");
	if (!*f)
		return;
	fprintf(*f, "%llu.%03llu s %s%s, key %u, number %llu: %s (0x%llx)\n",
		(unsigned long long)ms / 1000, (unsigned long long)ms % 1000, type_name(m->type),
		q->extended ? " with certificates" : "", m->vmpck, (unsigned long long)m->seqno,
		result_name(r->info2), (unsigned long long)r->info2);
	fflush(*f);
}
