/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The command line of keelson igvm. `run` and `test` come here too, with words of their own
 * (run/make_igvm.c), so that what they boot is what a person builds with the same words.
 */
#include "harness/igvm/igvm_cmd.h"
#include "harness/core/ranges.h"
#include "harness/igvm/build.h"
#include "harness/igvm/region.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
	"usage: keelson igvm build --svsm ELF [--kernel BZIMAGE [--initrd FILE] [--cmdline TEXT]]\n"
	"                          [OPTIONS] -o FILE        an SVSM with a Linux guest\n"
	"       keelson igvm build --svsm ELF --bare FILE [OPTIONS] -o FILE\n"
	"       keelson igvm build --svsm ELF --firmware FD [--kernel BZIMAGE ...] [OPTIONS] -o "
	"FILE\n"
	"                            OVMF; kernel, initrd and command line are hashed for it\n"
	"       keelson igvm build --payload ELF -o FILE    a test program at VMPL0\n"
	"         --multiboot FILE   which is the shim of that multiboot image\n"
	"         --mem MIB, --cpus N   room for the page states of that much RAM (default 64 "
	"GiB),\n"
	"                            and for that many CPUs (default 16)\n"
	"         --service-cpus N   the machine's last N CPUs run services, hidden from the "
	"guest\n"
	"         --sev-features N   SEV_FEATURES of the boot vCPU's VMSA, decimal or 0x...\n"
	"         --alternate-injection   the SVSM emulates the guest's local APICs "
	"(docs/apic.md)\n"
	"         --tsc-offset N     with SecureTSC: what the machine adds to the counter, scale "
	"1.0\n"
	"         --secure-tsc       the guest's vCPUs have SecureTSC too, where the SVSM's "
	"have\n"
	"         --no-madt          for loaders without a MADT parameter (QEMU 10): the SVSM "
	"finds "
	"its\n"
	"                            CPUs otherwise\n"
	"         --console-port P   com1: the SVSM logs on COM1, with its guest; debug "
	"(default): 0x402\n"
	"         --state NAME       the TPM's state of that name is asked for and kept, sealed "
	"with the\n"
	"                            test key (docs/persistence.md); --state-required: no guest "
	"without\n"
	"         --output FILE      the long word for -o\n"
	"         --test             offer the test protocol\n"
	"         --selftest, --panic   run the SVSM's own tests; then fault\n"
	"       keelson igvm inspect FILE [--for qemu-10.1 [--json]]\n"
	"                                                   what is in it; what that release of "
	"QEMU\n"
	"                                                   will refuse of it\n"
	"       keelson igvm measure FILE [--json] [--native-zero] [--vcpus N --cpu-signature "
	"EAX]\n"
	"                                                   the SEV-SNP launch digest; with "
	"--vcpus as\n"
	"                            a KVM has it that measures a VMSA for each vCPU, EAX being "
	"CPUID 1's\n"
	"       keelson igvm id-block FILE --id-key PEM [--author-key PEM] [--svn N] [--family-id "
	"HEX]\n"
	"                         [--image-id HEX] -o FILE  the file with an ID block, which says "
	"whose\n"
	"                            guest it is (docs/psp.md)\n"
	"       keelson igvm pcrs [FILE] [--kernel BZIMAGE [--initrd FILE] [--cmdline TEXT]]\n"
	"                         [--json] [--log FILE]     the TPM's PCRs after a direct boot, "
	"by\n"
	"                            FILE or by the guest's files, which have to agree; --log: "
	"their\n"
	"                            event log\n";

/* To stdout when it was asked for, to stderr when the words made no sense. */
static int usage(FILE *to)
{
	fputs(usage_text, to);
	return to == stdout ? IGVM_EXIT_OK : IGVM_EXIT_USAGE;
}

enum {
	OPT_SVSM = 1,
	OPT_PAYLOAD,
	OPT_MULTIBOOT,
	OPT_KERNEL,
	OPT_INITRD,
	OPT_CMDLINE,
	OPT_BARE,
	OPT_FIRMWARE,
	OPT_SERVICE_CPUS,
	OPT_MEM,
	OPT_CPUS,
	OPT_SEV_FEATURES,
	OPT_TSC_OFFSET,
	OPT_SECURE_TSC,
	OPT_NO_MADT,
	OPT_ALTERNATE_INJECTION,
	OPT_CONSOLE_PORT,
	OPT_STATE,
	OPT_STATE_REQUIRED,
	OPT_KEYS_SIGNER,
	OPT_KEYS_UNSIGNED,
	OPT_SELFTEST,
	OPT_TEST,
	OPT_PANIC
};

static const struct option options[] = {
	{"svsm", required_argument, NULL, OPT_SVSM},
	{"payload", required_argument, NULL, OPT_PAYLOAD},
	{"multiboot", required_argument, NULL, OPT_MULTIBOOT},
	{"kernel", required_argument, NULL, OPT_KERNEL},
	{"initrd", required_argument, NULL, OPT_INITRD},
	{"cmdline", required_argument, NULL, OPT_CMDLINE},
	{"bare", required_argument, NULL, OPT_BARE},
	{"firmware", required_argument, NULL, OPT_FIRMWARE},
	{"service-cpus", required_argument, NULL, OPT_SERVICE_CPUS},
	{"mem", required_argument, NULL, OPT_MEM},
	{"cpus", required_argument, NULL, OPT_CPUS},
	{"sev-features", required_argument, NULL, OPT_SEV_FEATURES},
	{"tsc-offset", required_argument, NULL, OPT_TSC_OFFSET},
	{"secure-tsc", no_argument, NULL, OPT_SECURE_TSC},
	{"no-madt", no_argument, NULL, OPT_NO_MADT},
	{"alternate-injection", no_argument, NULL, OPT_ALTERNATE_INJECTION},
	{"console-port", required_argument, NULL, OPT_CONSOLE_PORT},
	{"state", required_argument, NULL, OPT_STATE},
	{"state-required", no_argument, NULL, OPT_STATE_REQUIRED},
	{"keys-signer", required_argument, NULL, OPT_KEYS_SIGNER},
	{"keys-unsigned", no_argument, NULL, OPT_KEYS_UNSIGNED},
	{"selftest", no_argument, NULL, OPT_SELFTEST},
	{"test", no_argument, NULL, OPT_TEST},
	{"panic", no_argument, NULL, OPT_PANIC}, /* tests of the harness */
	{"output", required_argument, NULL, 'o'},
	{NULL, 0, NULL, 0},
};

/* Where the value of a text option goes, NULL for all other options. */
static const char **text_option(struct igvm_build_options *o, int c)
{
	switch (c) {
	case OPT_SVSM:
		return &o->svsm;
	case OPT_PAYLOAD:
		return &o->payload;
	case OPT_MULTIBOOT:
		return &o->multiboot;
	case OPT_KERNEL:
		return &o->kernel;
	case OPT_INITRD:
		return &o->initrd;
	case OPT_CMDLINE:
		return &o->cmdline;
	case OPT_BARE:
		return &o->bare;
	case OPT_FIRMWARE:
		return &o->firmware;
	case OPT_STATE:
		return &o->state;
	case OPT_KEYS_SIGNER:
		return &o->keys_signer;
	case 'o':
		return &o->output;
	default:
		return NULL;
	}
}

/* Where the value of an option with a number goes, NULL for all other options. The bound is what
 * the file can hold; what a machine can have is for `keelson run` to know. */
static unsigned *number_option(struct igvm_build_options *o, int c, unsigned long *max)
{
	*max = c == OPT_MEM ? REGION_MAX_MEM : 511;
	switch (c) {
	case OPT_SERVICE_CPUS:
		return &o->service_cpus;
	case OPT_MEM:
		return &o->mem;
	case OPT_CPUS:
		return &o->cpus;
	default:
		return NULL;
	}
}

/* Where an option without a value is noted, NULL for all other options. */
static bool *flag_option(struct igvm_build_options *o, int c)
{
	switch (c) {
	case OPT_NO_MADT:
		return &o->no_madt;
	case OPT_SECURE_TSC:
		return &o->secure_tsc;
	case OPT_ALTERNATE_INJECTION:
		return &o->alternate_injection;
	case OPT_STATE_REQUIRED:
		return &o->state_required;
	case OPT_KEYS_UNSIGNED:
		return &o->keys_unsigned;
	case OPT_SELFTEST:
		return &o->selftest;
	case OPT_TEST:
		return &o->test;
	case OPT_PANIC:
		return &o->panic;
	default:
		return NULL;
	}
}

static bool take_number(unsigned *out, unsigned long max)
{
	char *end;
	unsigned long v = strtoul(optarg, &end, 10);

	*out = (unsigned)v;
	return *optarg >= '0' && *optarg <= '9' && !*end && v <= max;
}

/* False: an unknown option, a bad number, or words that are no options. */
static bool parse(struct igvm_build_options *o, int argc, char **argv)
{
	int c;

	optind = 0; /* glibc: start afresh, other subcommands have parsed already */
	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		const char **text = text_option(o, c);
		bool *flag = flag_option(o, c);
		unsigned long max;
		unsigned *count = number_option(o, c, &max);

		if (text)
			*text = optarg;
		else if (flag)
			*flag = true;
		else if (c == OPT_SEV_FEATURES && !sev_features_read(optarg, &o->sev_features))
			return false;
		else if (c == OPT_SEV_FEATURES)
			continue;
		else if (c == OPT_TSC_OFFSET &&
			 (o->tsc_known = tsc_offset_read(optarg, &o->tsc_offset)))
			continue;
		else if (c == OPT_CONSOLE_PORT && console_port_read(optarg, &o->com1))
			continue;
		else if (!count || !take_number(count, max))
			return false;
	}
	return optind == argc;
}

/* Which options make sense together. */
static bool consistent(const struct igvm_build_options *o)
{
	if (!o->output || !o->svsm == !o->payload || ((o->kernel || o->firmware) && o->bare))
		return false;
	if (!o->kernel && (o->initrd || o->cmdline))
		return false;
	if ((o->multiboot && !o->payload) || (o->state_required && !o->state))
		return false;
	if (((o->keys_signer || o->keys_unsigned) && !o->state) ||
	    (o->keys_signer && o->keys_unsigned))
		return false;
	return !o->payload ||
	       (!o->kernel && !o->bare && !o->firmware && !o->service_cpus && !o->test &&
		!o->no_madt && !o->alternate_injection && !o->secure_tsc && !o->com1 && !o->state);
}

static int build_command(int argc, char **argv)
{
	struct igvm_build_options o = {0};

	if (!parse(&o, argc, argv) || !consistent(&o))
		return usage(stderr);
	return igvm_build(&o);
}

/* Inspecting, measuring and replaying have files of their own; they take what follows the word. */
int igvm_command(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr);
	if (argc <= 3 && !strcmp(argv[argc - 1], "--help"))
		return usage(stdout);
	if (!strcmp(argv[1], "build"))
		return build_command(argc - 1, argv + 1);
	if (!strcmp(argv[1], "inspect"))
		return igvm_inspect_command(argc - 1, argv + 1);
	if (!strcmp(argv[1], "measure"))
		return igvm_measure_command(argc - 1, argv + 1);
	if (!strcmp(argv[1], "id-block"))
		return igvm_id_block_command(argc - 1, argv + 1);
	if (!strcmp(argv[1], "pcrs"))
		return igvm_pcrs_command(argc - 1, argv + 1);
	return usage(stderr);
}
