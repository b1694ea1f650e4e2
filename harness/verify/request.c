/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/verify/launch_digest.h"
#include "harness/verify/request.h"
#include "harness/verify/values.h"

enum {
	OPT_CHAIN = 256,
	OPT_ROOT,
	OPT_IGVM,
	OPT_VCPUS,
	OPT_CPU_SIGNATURE,
	OPT_NATIVE_ZERO,
	OPT_MEASUREMENT,
	OPT_NONCE,
	OPT_MANIFEST,
	OPT_REPORT_DATA,
	OPT_QUOTE,
	OPT_QUOTE_SIGNATURE,
	OPT_QUOTE_NONCE,
	OPT_PCR,
	OPT_VMPL,
	OPT_POLICY,
	OPT_ALLOW_DEBUG,
	OPT_ALLOW_MIGRATION,
	OPT_TCB,
	OPT_SVN,
	OPT_CHIP_ID,
	OPT_HOST_DATA,
	OPT_REPORT_ID,
	OPT_FAMILY_ID,
	OPT_IMAGE_ID,
	OPT_ID_KEY_DIGEST,
	OPT_AUTHOR_KEY_DIGEST,
	OPT_AT,
	OPT_JSON,
	OPT_HELP,
};

static const struct option table[] = {
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

/* Words that are looked at once all are known. */
struct words {
	struct strlist chain;
	const char *root, *igvm;
	struct launch_host host;
	enum request_error error;
};

static bool usage(struct words *k, const char *option, const char *takes, const char * not )
{
	problem("verify: --%s takes %s, not '%s'", option, takes, not );
	k->error = REQUEST_USAGE;
	return false;
}

static bool file(struct words *k, const char *path, struct bytes *out)
{
	free(out->p);
	out->p = (uint8_t *)file_text(path, &out->n);
	if (out->p)
		return true;
	problem("verify: cannot read %s", path);
	k->error = REQUEST_NO_FILE;
	return false;
}

/* ---- options by what they take ---- */

static struct bytes *file_option(struct wanted *w, int c)
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

/* Fields in hex. Where fewer bytes will do, the rest is zero, as in --psp. */
static struct bytes *hex_option(struct wanted *w, int c, size_t *least, size_t *most)
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

/* A number's bound, 0: the option takes none. */
static uint64_t number_most(int c)
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

static void take_number(struct request *q, struct words *k, int c, uint64_t v)
{
	struct wanted *w = &q->wanted;

	switch (c) {
	case OPT_VMPL:
		w->has_vmpl = true;
		w->vmpl = (uint32_t)v;
		break;
	case OPT_SVN:
		w->has_svn = true;
		w->svn = (uint32_t)v;
		break;
	case OPT_POLICY:
		w->has_policy = true;
		w->policy = v;
		break;
	case OPT_VCPUS:
		k->host.vcpus = (unsigned)v;
		break;
	case OPT_CPU_SIGNATURE:
		k->host.cpu_signature = (uint32_t)v;
		break;
	default:
		q->evidence.now = (time_t)v;
		break;
	}
}

static bool *flag_option(struct request *q, struct words *k, int c)
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

static bool take_hex(struct words *k, const char *option, size_t least, size_t most,
		     struct bytes *out)
{
	char *takes;

	if (value_hex(optarg, least, most, out))
		return true;
	takes = least == most ? str("%zu bytes in hex", most)
			      : str("%zu to %zu bytes in hex", least, most);
	usage(k, option, takes, optarg);
	free(takes);
	return false;
}

/* What is neither a file, a field in hex, a number nor a flag. */
static bool take_word(struct request *q, struct words *k, int c)
{
	switch (c) {
	case OPT_CHAIN:
		strlist_add(&k->chain, optarg);
		return true;
	case OPT_ROOT:
		k->root = optarg;
		return true;
	case OPT_IGVM:
		k->igvm = optarg;
		return true;
	case OPT_TCB:
		return value_tcb(optarg, &q->wanted) ||
		       usage(k, "tcb", "4 numbers up to 255, or 5 for Turin, as in 9.0.23.72",
			     optarg);
	case OPT_PCR:
		return value_pcr(optarg, &q->wanted.pcrs) ||
		       usage(k, "pcr",
			     "BANK:N=HEX, each N once and all of one bank, as in sha256:4=00ff...",
			     optarg);
	case OPT_HELP:
		k->error = REQUEST_HELP;
		return false;
	default:
		k->error = REQUEST_USAGE; /* getopt_long() has said why */
		return false;
	}
}

static bool take(struct request *q, struct words *k, int c, int index)
{
	struct bytes *bytes = file_option(&q->wanted, c);
	bool *flag = flag_option(q, k, c);
	uint64_t number, bound = number_most(c);
	size_t least, most;

	if (bytes)
		return file(k, optarg, bytes);
	if (flag)
		return *flag = true;
	bytes = hex_option(&q->wanted, c, &least, &most);
	if (bytes)
		return take_hex(k, table[index].name, least, most, bytes);
	if (!bound)
		return take_word(q, k, c);
	if (!value_number(optarg, bound, &number) || (c == OPT_VCPUS && !number))
		return usage(k, table[index].name, "a number that fits, decimal or 0x...", optarg);
	take_number(q, k, c, number);
	return true;
}

/* ---- what goes together ---- */

static bool inconsistent(struct words *k, const char *why)
{
	problem("verify: %s", why);
	k->error = REQUEST_USAGE;
	return false;
}

static bool consistent(const struct request *q, struct words *k)
{
	const struct wanted *w = &q->wanted;

	if (!w->nonce.p != !w->manifest.p)
		return inconsistent(k,
				    "--nonce and --manifest go together; data that was asked for "
				    "as it is goes by --report-data");
	if (w->manifest.p && w->report_data.p)
		return inconsistent(k,
				    "REPORT_DATA is --report-data, or of --nonce and --manifest");
	if (w->report_data.p && w->report_data.n != 64)
		return inconsistent(k, "--report-data takes a file of 64 bytes");
	if (!w->quote.p != !w->quote_signature.p || (w->quote.p && !w->manifest.p))
		return inconsistent(k,
				    "--quote goes with --quote-signature, and with the --manifest "
				    "that has its key");
	if ((w->pcrs.bank || w->quote_nonce.p) && !w->quote.p)
		return inconsistent(k, "--pcr and --quote-nonce go with --quote");
	if (w->has_vmpl && w->vmpl && w->manifest.p)
		return inconsistent(k, "a manifest is the SVSM's, whose reports are of VMPL 0");
	if (w->quote_nonce.p && !w->quote_nonce.n)
		return inconsistent(k, "--quote-nonce is empty: any old quote would do");
	if (k->igvm && w->measurement.p)
		return inconsistent(k, "the measurement is that of --igvm, or --measurement");
	if ((k->host.vcpus || k->host.native_zero) && !k->igvm)
		return inconsistent(k, "--vcpus and --native-zero go with --igvm");
	if ((k->host.vcpus > 1) != (k->host.cpu_signature != 0))
		return inconsistent(k, "--vcpus above 1 goes with --cpu-signature: EAX of CPUID 1, "
				       "which is in the VMSAs of these vCPUs");
	return true;
}

/* ---- files of certificates and the image ---- */

static bool certificates(struct words *k, const char *path, struct certificates *c,
			 const char *check, struct verdict *v)
{
	struct bytes b = {0};
	const char *wrong;

	if (!file(k, path, &b))
		return false;
	wrong = certificates_add(c, b.p, b.n);
	free(b.p);
	if (!wrong)
		return true;
	k->error = REQUEST_REFUSED;
	return verdict_refuse(v, check, "%s: %s", path, wrong);
}

static bool image(struct request *q, struct words *k)
{
	struct bytes *out = &q->wanted.measurement;
	bool unreadable;

	out->n = LAUNCH_DIGEST_BYTES;
	out->p = calloc(1, out->n);
	if (out->p && launch_digest(k->igvm, &k->host, out->p, &unreadable))
		return true;
	k->error = unreadable ? REQUEST_NO_FILE : REQUEST_USAGE;
	return false;
}

static bool load(struct request *q, struct words *k, const char *report, struct verdict *v)
{
	if (!file(k, report, &q->evidence.report))
		return false;
	for (size_t i = 0; i < k->chain.n; i++)
		if (!certificates(k, k->chain.v[i], &q->evidence.chain, "chain", v))
			return false;
	if (k->root && !certificates(k, k->root, &q->evidence.root, "root", v))
		return false;
	return !k->igvm || image(q, k);
}

enum request_error request_read(struct request *q, int argc, char **argv, struct verdict *v)
{
	struct words k = {.error = REQUEST_OK};
	int c, index = 0;
	bool ok = true;

	*q = (struct request){.evidence.now = time(NULL)};
	optind = 0; /* glibc: start afresh */
	while (ok && (c = getopt_long(argc, argv, "", table, &index)) != -1)
		ok = take(q, &k, c, index);
	if (ok && optind + 1 != argc)
		ok = inconsistent(&k, optind == argc ? "no report was named (keelson verify --help)"
						     : "one report at a time");
	if (ok && consistent(q, &k))
		load(q, &k, argv[optind], v);
	strlist_free(&k.chain);
	return k.error;
}

void request_free(struct request *q)
{
	struct wanted *w = &q->wanted;
	struct bytes *all[] = {
		&q->evidence.report, &w->measurement,       &w->report_data, &w->host_data,
		&w->chip_id,         &w->report_id,         &w->family_id,   &w->image_id,
		&w->id_key_digest,   &w->author_key_digest, &w->nonce,       &w->manifest,
		&w->quote,           &w->quote_signature,   &w->quote_nonce};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		free(all[i]->p);
	for (size_t i = 0; i < VERIFY_PCRS; i++)
		free(w->pcrs.value[i].p);
	certificates_free(&q->evidence.chain);
	certificates_free(&q->evidence.root);
	*q = (struct request){0};
}
