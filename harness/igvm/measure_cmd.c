/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson igvm measure: prints the launch digest that an SNP host would report for an IGVM
 * file. The digest alone goes to stdout, so that a script can take it; warnings go to stderr.
 */
#include "harness/igvm/igvm_cmd.h"
#include "harness/igvm/measure.h"
#include "harness/igvm/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct request {
	const char *path;
	bool json, native_zero;
};

/* False, and said why. getopt is not used: there are two flags and one file. */
static bool parse(struct request *r, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			r->json = true;
		else if (!strcmp(argv[i], "--native-zero"))
			r->native_zero = true;
		else if (argv[i][0] != '-' && !r->path)
			r->path = argv[i];
		else
			return igvm_fail("igvm measure: unexpected \"%s\"", argv[i]);
	}
	return r->path || igvm_fail("usage: keelson igvm measure FILE [--json] [--native-zero]");
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
