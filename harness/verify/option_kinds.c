/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "harness/verify/verify_options.h"

const struct option option_table[] = {
	{"chain", 1, NULL, OPT_CHAIN},
	{"root", 1, NULL, OPT_ROOT},
	{"igvm", 1, NULL, OPT_IGVM},
	{"vcpus", 1, NULL, OPT_VCPUS},
	{"cpu-signature", 1, NULL, OPT_CPU_SIGNATURE},
	{"native-zero", 0, NULL, OPT_NATIVE_ZERO},
	{"measurement", 1, NULL, OPT_MEASUREMENT},
	{"nonce", 1, NULL, OPT_NONCE},
	{"manifest", 1, NULL, OPT_MANIFEST},
	{"report-data", 1, NULL, OPT_REPORT_DATA},
	{"quote", 1, NULL, OPT_QUOTE},
	{"quote-signature", 1, NULL, OPT_QUOTE_SIGNATURE},
	{"quote-nonce", 1, NULL, OPT_QUOTE_NONCE},
	{"pcr", 1, NULL, OPT_PCR},
	{"kept-least", 1, NULL, OPT_KEPT_LEAST},
	{"vmpl", 1, NULL, OPT_VMPL},
	{"policy", 1, NULL, OPT_POLICY},
	{"allow-debug", 0, NULL, OPT_ALLOW_DEBUG},
	{"allow-migration", 0, NULL, OPT_ALLOW_MIGRATION},
	{"tcb", 1, NULL, OPT_TCB},
	{"svn", 1, NULL, OPT_SVN},
	{"chip-id", 1, NULL, OPT_CHIP_ID},
	{"host-data", 1, NULL, OPT_HOST_DATA},
	{"report-id", 1, NULL, OPT_REPORT_ID},
	{"family-id", 1, NULL, OPT_FAMILY_ID},
	{"image-id", 1, NULL, OPT_IMAGE_ID},
	{"id-key-digest", 1, NULL, OPT_ID_KEY_DIGEST},
	{"author-key-digest", 1, NULL, OPT_AUTHOR_KEY_DIGEST},
	{"at", 1, NULL, OPT_AT},
	{"json", 0, NULL, OPT_JSON},
	{"help", 0, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct bytes *option_names_file(struct wanted *w, int c)
{
	switch (c) {
	case OPT_NONCE:
		return &w->nonce;
	case OPT_MANIFEST:
		return &w->manifest;
	case OPT_REPORT_DATA:
		return &w->report_data;
	case OPT_QUOTE:
		return &w->quote;
	case OPT_QUOTE_SIGNATURE:
		return &w->quote_signature;
	case OPT_QUOTE_NONCE:
		return &w->quote_nonce;
	default:
		return NULL;
	}
}

struct bytes *option_is_hex(struct wanted *w, int c, size_t *least, size_t *most)
{
	switch (c) {
	case OPT_MEASUREMENT:
		*least = *most = 48;
		return &w->measurement;
	case OPT_ID_KEY_DIGEST:
		*least = *most = 48;
		return &w->id_key_digest;
	case OPT_AUTHOR_KEY_DIGEST:
		*least = *most = 48;
		return &w->author_key_digest;
	case OPT_REPORT_ID:
		*least = *most = 32;
		return &w->report_id;
	case OPT_CHIP_ID:
		*least = 8, *most = 64;
		return &w->chip_id;
	case OPT_HOST_DATA:
		*least = 1, *most = 32;
		return &w->host_data;
	case OPT_FAMILY_ID:
		*least = 1, *most = 16;
		return &w->family_id;
	case OPT_IMAGE_ID:
		*least = 1, *most = 16;
		return &w->image_id;
	default:
		return NULL;
	}
}

uint64_t option_number_most(int c)
{
	switch (c) {
	case OPT_VMPL:
		return 3;
	case OPT_SVN:
	case OPT_CPU_SIGNATURE:
		return UINT32_MAX;
	case OPT_POLICY:
		return UINT64_MAX;
	case OPT_VCPUS:
		return 512;
	case OPT_AT:
		return INT64_MAX;
	default:
		return 0;
	}
}

bool *option_is_flag(struct request *q, struct words *k, int c)
{
	switch (c) {
	case OPT_ALLOW_DEBUG:
		return &q->wanted.allow_debug;
	case OPT_ALLOW_MIGRATION:
		return &q->wanted.allow_migration;
	case OPT_NATIVE_ZERO:
		return &k->host.native_zero;
	case OPT_JSON:
		return &q->json;
	default:
		return NULL;
	}
}
