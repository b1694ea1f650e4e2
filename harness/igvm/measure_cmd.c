/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson igvm measure: prints the launch digest that an SNP host would report for an IGVM
 * file. The digest alone goes to stdout, so that a script can take it; warnings go to stderr.
 * A KVM that measures a VMSA for each vCPU has the file's for the first and its own for the others.
 */
#include "harness/igvm/igvm_cmd.h"
#include "harness/igvm/measure.h"
#include "harness/igvm/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	const char *path;
	bool json, native_zero;
	unsigned long vcpus, cpu_signature;
};

#define VCPUS_MOST 512

/* The option's value is the word behind it. */
static bool number(int argc, char **argv, int *i, unsigned long most, unsigned long *out)
{
	const char *word = *i + 1 < argc ? argv[++*i] : "";
	char *end;

	*out = strtoul(word, &end, 0);
	if (*word >= '0' && *word <= '9' && !*end && *out && *out <= most)
		return true;
	return igvm_fail("igvm measure: %s takes a number from 1 to %lu, not \"%s\"", argv[*i - 1],
			 most, word);
}

/* What is in the VMSA of a vCPU that was reset, and not in the file. */
static bool consistent(const struct request *r)
{
	if (!r->path)
		return igvm_fail("usage: keelson igvm measure FILE [--json] [--native-zero] "
				 "[--vcpus N --cpu-signature EAX]");
	if ((r->vcpus > 1) != (r->cpu_signature != 0))
		return igvm_fail("igvm measure: --vcpus above 1 goes with --cpu-signature, EAX of "
				 "CPUID 1 as in 0xa10f10, which is in these vCPUs' VMSAs");
	return true;
}

/* False, and said why. */
static bool parse(struct request *r, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			r->json = true;
		else if (!strcmp(argv[i], "--native-zero"))
			r->native_zero = true;
		else if (!strcmp(argv[i], "--vcpus")) {
			if (!number(argc, argv, &i, VCPUS_MOST, &r->vcpus))
				return false;
		} else if (!strcmp(argv[i], "--cpu-signature")) {
			if (!number(argc, argv, &i, UINT32_MAX, &r->cpu_signature))
				return false;
		} else if (argv[i][0] != '-' && !r->path)
			r->path = argv[i];
		else
			return igvm_fail("igvm measure: unexpected \"%s\"", argv[i]);
	}
	return consistent(r);
}

/* Lower case, as attestation tools print it. */
static void hex(const struct measure *m, char text[2 * MEASURE_BYTES + 1])
{
	for (unsigned i = 0; i < MEASURE_BYTES; i++)
		sprintf(text + 2 * i, "%02x", m->digest[i]);
}

static void print_json(const struct measure *m, const char *digest)
{
	printf("{\"platform\":\"sev-snp\",\"launch_digest\":\"%s\",\"policy\":\"0x%" PRIx64 "\","
	       "\"pages\":{\"normal\":%" PRIu64 ",\"vmsa\":%" PRIu64 ",\"zero\":%" PRIu64
	       ",\"unmeasured\":%" PRIu64 ",\"secrets\":%" PRIu64 ",\"cpuid\":%" PRIu64
	       "},\"vmsa_as_kvm\":%s}\n",
	       digest, m->policy, m->pages[MEASURE_NORMAL], m->pages[MEASURE_VMSA],
	       m->pages[MEASURE_ZERO], m->pages[MEASURE_UNMEASURED], m->pages[MEASURE_SECRETS],
	       m->pages[MEASURE_CPUID], m->vmsa_as_kvm ? "true" : "false");
}

/*
 * A file whose ID block names another digest would not start: that is an error of the file.
 * That KVM measures another VMSA is only a warning.
 */
int igvm_measure_command(int argc, char **argv)
{
	char digest[2 * MEASURE_BYTES + 1];
	struct request r = {0};
	struct blob b;
	struct igvm_file f;
	struct measure m;
	enum igvm_error e;

	if (!parse(&r, argc, argv))
		return IGVM_EXIT_USAGE;
	if (!blob_read(r.path, &b))
		return IGVM_EXIT_HOST;
	if (!igvm_open_blob(&f, &b, r.path)) {
		blob_free(&b);
		return IGVM_EXIT_BAD_FILE;
	}
	e = measure_snp(&f, r.native_zero, &m);
	if (!e)
		measure_more_vcpus(&m, (unsigned)r.vcpus, (uint32_t)r.cpu_signature);
	hex(&m, digest);
	if (e)
		igvm_fail("%s: not for SEV-SNP", r.path);
	else if (r.json)
		print_json(&m, digest);
	else
		puts(digest);
	if (!e && !m.vmsa_as_kvm)
		igvm_fail("%s: warning: KVM measures one VMSA, last, at 0x%llx", r.path,
			  IGVM_SNP_VMSA_GPA);
	if (!e && m.id_block_differs)
		igvm_fail("%s: the ID block names another digest", r.path);
	blob_free(&b);
	return e || m.id_block_differs ? IGVM_EXIT_BAD_FILE : IGVM_EXIT_OK;
}
