/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The options of `keelson run`, `test` and `doctor`: one table for all of them, so that a word
 * means the same everywhere. What a subcommand cannot use it ignores. Values are checked here
 * as far as no suite has to be known.
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/machine.h"
#include "abi/machine_limits.h"
#include "harness/core/exitcode.h"
#include "harness/core/options.h"
#include "harness/core/ranges.h"

/* getopt_long()'s values: above every character, because there are no short options. */
enum {
	OPT_PLATFORM = 256,
	OPT_QEMU,
	OPT_MONITOR,
	OPT_KERNEL,
	OPT_INITRD,
	OPT_APPEND,
	OPT_FIRMWARE,
	OPT_IGVM,
	OPT_PAYLOAD,
	OPT_RUNS,
	OPT_NAME,
	OPT_DISK,
	OPT_SWTPM,
	OPT_GROUP,
	OPT_KNOWN,
	OPT_SMP,
	OPT_MEM,
	OPT_SERVICE_CPUS,
	OPT_ICOUNT,
	OPT_DETERMINISTIC,
	OPT_SEED,
	OPT_SEEDS,
	OPT_TRAIL_FROM,
	OPT_SEV_FEATURES,
	OPT_TSC_OFFSET,
	OPT_SECURE_TSC,
	OPT_ALTERNATE_INJECTION,
	OPT_CONSOLE_PORT,
	OPT_TIMEOUT,
	OPT_LIMIT,
	OPT_SYMBOLS,
	OPT_GDB,
	OPT_GDB_TRACE,
	OPT_OPTION,
	OPT_PSP,
	OPT_STATE,
	OPT_STATE_REQUIRED,
	OPT_KEYS,
	OPT_KEYS_SIGNER,
	OPT_KEYS_UNSIGNED,
	OPT_EXEC,
	OPT_SHELL,
	OPT_JSON,
	OPT_DRY_RUN,
	OPT_STRICT,
	OPT_LIST,
	OPT_ALL,
	OPT_KEEP,
	OPT_NO_AGENT,
	OPT_KDUMP,
	OPT_BOOT_CACHE,
	OPT_NO_BOOT_CACHE,
	OPT_HELP,
};

static const struct option table[] = {
	{"platform", 1, NULL, OPT_PLATFORM},
	{"qemu", 1, NULL, OPT_QEMU},
	{"monitor", 1, NULL, OPT_MONITOR},
	{"kernel", 1, NULL, OPT_KERNEL},
	{"initrd", 1, NULL, OPT_INITRD},
	{"append", 1, NULL, OPT_APPEND},
	{"firmware", 2, NULL, OPT_FIRMWARE},
	{"igvm", 1, NULL, OPT_IGVM},
	{"payload", 1, NULL, OPT_PAYLOAD},
	{"runs", 1, NULL, OPT_RUNS},
	{"name", 1, NULL, OPT_NAME},
	{"disk", 1, NULL, OPT_DISK},
	{"swtpm", 1, NULL, OPT_SWTPM},
	{"group", 1, NULL, OPT_GROUP},
	{"smp", 1, NULL, OPT_SMP},
	{"known", 1, NULL, OPT_KNOWN},
	{"mem", 1, NULL, OPT_MEM},
	{"service-cpus", 1, NULL, OPT_SERVICE_CPUS},
	{"icount", 1, NULL, OPT_ICOUNT},
	{"deterministic", 0, NULL, OPT_DETERMINISTIC},
	{"seed", 1, NULL, OPT_SEED},
	{"seeds", 1, NULL, OPT_SEEDS},
	{"trail-from", 1, NULL, OPT_TRAIL_FROM},
	{"sev-features", 1, NULL, OPT_SEV_FEATURES},
	{"tsc-offset", 1, NULL, OPT_TSC_OFFSET},
	{"secure-tsc", 0, NULL, OPT_SECURE_TSC},
	{"alternate-injection", 0, NULL, OPT_ALTERNATE_INJECTION},
	{"console-port", 1, NULL, OPT_CONSOLE_PORT},
	{"timeout", 1, NULL, OPT_TIMEOUT},
	{"limit", 1, NULL, OPT_LIMIT},
	{"symbols", 1, NULL, OPT_SYMBOLS},
	{"gdb", 1, NULL, OPT_GDB},
	{"gdb-trace", 1, NULL, OPT_GDB_TRACE},
	{"option", 1, NULL, OPT_OPTION},
	{"psp", 1, NULL, OPT_PSP},
	{"state", 1, NULL, OPT_STATE},
	{"state-required", 0, NULL, OPT_STATE_REQUIRED},
	{"keys", 1, NULL, OPT_KEYS},
	{"keys-signer", 1, NULL, OPT_KEYS_SIGNER},
	{"keys-unsigned", 0, NULL, OPT_KEYS_UNSIGNED},
	{"exec", 1, NULL, OPT_EXEC},
	{"shell", 0, NULL, OPT_SHELL},
	{"json", 0, NULL, OPT_JSON},
	{"dry-run", 0, NULL, OPT_DRY_RUN},
	{"strict", 0, NULL, OPT_STRICT},
	{"list", 0, NULL, OPT_LIST},
	{"all", 0, NULL, OPT_ALL},
	{"keep", 0, NULL, OPT_KEEP},
	{"no-agent", 0, NULL, OPT_NO_AGENT},
	{"kdump", 0, NULL, OPT_KDUMP},
	{"boot-cache", 2, NULL, OPT_BOOT_CACHE},
	{"no-boot-cache", 0, NULL, OPT_NO_BOOT_CACHE},
	{"help", 0, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

#define TEXT_OF(n) #n
#define TEXT(n)    TEXT_OF(n)
#define MEM_RANGE  TEXT(MACHINE_MEM_LEAST) " to " TEXT(MACHINE_MEM_MOST)
#define VCPUS_MOST TEXT(MACHINE_VCPUS_MAX)

static void help(void)
{
	puts("  --platform NAME            native (default), plain (no SVSM), snp or tdx\n"
	     "  --qemu PROGRAM             qemu-system-x86_64 of your choice\n"
	     "  --kernel FILE              bzImage instead of the fetched Debian kernel\n"
	     "  --initrd FILE              initramfs instead of the built one\n"
	     "  --append WORDS             added to the kernel's command line\n"
	     "  --firmware [FILE]          boot by EFI: OVMF from `make guests`, or this image\n"
	     "  --igvm FILE                boot this IGVM file, build none; one with another SVSM "
	     "in it:\n"
	     "                             docs/foreign-svsm.md. --kernel, --initrd, --append are "
	     "then for\n"
	     "                             its guest's firmware\n"
	     "  --payload FILE             run: boot this multiboot image, which knows nothing of "
	     "SEV-SNP\n"
	     "                             (docs/payload.md); --append WORDS are its arguments\n"
	     "  --symbols ELF              of the SVSM in it: names of functions where it ended\n"
	     "  --smp N, --mem MIB         the guest's vCPUs and memory, " MEM_RANGE " MiB\n"
	     "  --service-cpus N           CPUs that run services and that the guest never sees;\n"
	     "                             at most " VCPUS_MOST " vCPUs on native, these included\n"
	     "  --icount SHIFT             time goes by instructions, 2^SHIFT ns each (slow)\n"
	     "  --deterministic            the same run again, to the last instruction: no input "
	     "from the\n"
	     "                             host, and its trail in trail.log (docs/reproduce.md)\n"
	     "  --seed N                   such a run with other random numbers and other turns "
	     "of the CPUs\n"
	     "  --seeds A..B               test: such a run for each seed; a failure is named with "
	     "its seed\n"
	     "  --trail-from N             such a run with the 1,000 exits behind exit N in its "
	     "trail\n"
	     "  --sev-features N           what the SVSM's VMSAs ask of the processor: 1 without\n"
	     "                             restricted injection, 9 (default) with it\n"
	     "  --tsc-offset N             with SecureTSC (--sev-features 0x209): added to the "
	     "counter\n"
	     "  --secure-tsc               the guest's vCPUs have SecureTSC too: stock kernels "
	     "refuse\n"
	     "  --alternate-injection      the SVSM emulates the guest's local APICs, for guests "
	     "that "
	     "ask\n"
	     "                             it for them (docs/apic.md): stock kernels of today "
	     "refuse\n"
	     "  --console-port com1        the SVSM logs on COM1, with its guest, for a QEMU "
	     "without a\n"
	     "                             debug port (docs/hardware.md)\n"
	     "  --disk FILE                raw image, given to the guest as a virtio disk\n"
	     "  --swtpm SOCKET             platform plain: the guest's TPM is the swtpm behind it\n"
	     "  --list                     test: the suites, or, with suites, their tests\n"
	     "  --all                      test: every suite that can run here\n"
	     "  --group NAME               test: those of a group; launch/suites.cfg has them\n"
	     "  --known FILE               test: failures that are known of this SVSM, SUITE/TEST "
	     "and why\n"
	     "                             on a line; they do not fail the run\n"
	     "  --timeout SECONDS          give up after that long without any progress\n"
	     "  --limit SECONDS            give up when a boot has taken that long, and say where "
	     "it is\n"
	     "  --gdb SOCKET               native: QEMU waits for gdb there before the first "
	     "instruction, and\n"
	     "                             has QMP at SOCKET.qmp\n"
	     "  --gdb-trace RANGES         with it: QEMU names each block of code that it begins "
	     "there (-dfilter)\n"
	     "                             in SOCKET.trace\n"
	     "  --strict                   every event takes the way it takes on hardware\n"
	     "  --option WORD              a monitor option, any number of them: stats, trace, "
	     "fast-ioio,\n"
	     "                             or a hostile host; docs/monitor.md has them all\n"
	     "  --psp KEY=VALUE            the security processor of native, any number of them "
	     "(docs/psp.md)\n"
	     "  --state FILE               run: the TPM's state is kept there, sealed with the "
	     "TEST "
	     "KEY\n"
	     "                             (docs/persistence.md) or with keys of a server:\n"
	     "  --keys SOCKET              the server's, as of `keelson kbs` "
	     "(docs/key-release.md)\n"
	     "  --keys-signer PEM          the public key that has to sign what it gives\n"
	     "  --keys-unsigned            or nobody's: whoever answers can know the keys\n"
	     "  --state-required           no guest starts without it; else with a new TPM\n"
	     "  --monitor FILE             another monitor image\n"
	     "  --name NAME, --runs DIR    the run folder: DIR/NAME-TIME-PID\n"
	     "  --keep                     keep the IGVM file in the run folder of a good run\n"
	     "  --exec 'COMMAND LINE'      run: let the guest's shell run it; any number of them, "
	     "up to\n"
	     "                             the first that fails; output and exit code are theirs\n"
	     "  --shell                    run: a shell on the guest's console, in this terminal\n"
	     "  --no-agent                 run: the initrd has no agent of ours: its console is "
	     "shown,\n"
	     "                             and a power off is what passes\n"
	     "  --kdump                    run: a panic does not end it, its crash kernel boots "
	     "and takes\n"
	     "                             the rest of the --exec commands\n"
	     "  --boot-cache[=DIR]         start from a machine that has booted, or save it: "
	     "build/boot-cache\n"
	     "                             (docs/boot-cache.md)\n"
	     "  --no-boot-cache            test: boot, also where the suite may do without\n"
	     "  --json                     stdout is JSON (docs/json.md)\n"
	     "  --dry-run                  print QEMU's command line and stop");
}

/* The line that says what is wrong names the option and its bounds. */
static bool number(const char *name, const char *text, struct range r, unsigned *out)
{
	if (range_read(r, text, out))
		return true;
	problem("--%s takes a number from %u to %u, not '%s'", name, r.min, r.max, text);
	return false;
}

/* 0 is a number too; -1 stands for nothing said. */
static bool number_or_none(const char *name, const char *text, struct range r, int *out)
{
	unsigned v;

	if (!number(name, text, r, &v))
		return false;
	*out = (int)v;
	return true;
}

static bool features(const char **out)
{
	uint64_t unused;

	*out = optarg;
	if (sev_features_read(optarg, &unused))
		return true;
	problem("--sev-features takes a number with bit 0 (SNP active), decimal or 0x..., not '%s'",
		optarg);
	return false;
}

static bool tsc_offset(const char **out)
{
	uint64_t unused;

	*out = optarg;
	if (tsc_offset_read(optarg, &unused))
		return true;
	problem("--tsc-offset takes a number of 64 bits, decimal or 0x..., not '%s'", optarg);
	return false;
}

static bool console_port(bool *com1)
{
	if (console_port_read(optarg, com1))
		return true;
	problem("--console-port takes com1 or debug, not '%s'", optarg);
	return false;
}

/* "A..B", both from 1 on: 0 is no seed of turns. */
static bool seeds(struct options *o)
{
	const char *dots = strstr(optarg, "..");
	char *first = dots ? str("%.*s", (int)(dots - optarg), optarg) : NULL;
	bool ok = first && range_read(RANGE_SEEDS, first, &o->seed_first) &&
		  range_read(RANGE_SEEDS, dots + 2, &o->seed_last) && o->seed_first <= o->seed_last;

	free(first);
	if (!ok)
		problem("--seeds takes A..B, two numbers from 1 on, A not above B, not '%s'",
			optarg);
	return o->deterministic = ok;
}

static bool trail_from(struct options *o)
{
	unsigned exit;

	if (!number("trail-from", optarg, RANGE_SEED, &exit))
		return false;
	o->trail_from = exit;
	return o->deterministic = true;
}

/* Of several words for one key the last one counts. */
static bool psp(struct options *o)
{
	char *wrong = psp_config_set(&o->psp, optarg);

	if (wrong)
		problem("--psp: %s", wrong);
	o->psp_given = true;
	free(wrong);
	return !wrong;
}

/* Options whose value is a word of the command line. False: c is none of them. */
static bool take_text(struct options *o, int c)
{
	const char **slot = c == OPT_PLATFORM      ? &o->platform
			    : c == OPT_QEMU        ? &o->qemu
			    : c == OPT_MONITOR     ? &o->monitor
			    : c == OPT_KERNEL      ? &o->kernel
			    : c == OPT_INITRD      ? &o->initrd
			    : c == OPT_APPEND      ? &o->append
			    : c == OPT_IGVM        ? &o->igvm
			    : c == OPT_PAYLOAD     ? &o->payload
			    : c == OPT_SYMBOLS     ? &o->symbols
			    : c == OPT_GDB         ? &o->gdb
			    : c == OPT_GDB_TRACE   ? &o->gdb_trace
			    : c == OPT_RUNS        ? &o->runs
			    : c == OPT_NAME        ? &o->name
			    : c == OPT_DISK        ? &o->disk
			    : c == OPT_SWTPM       ? &o->swtpm
			    : c == OPT_GROUP       ? &o->group
			    : c == OPT_KNOWN       ? &o->known
			    : c == OPT_STATE       ? &o->state
			    : c == OPT_KEYS        ? &o->keys
			    : c == OPT_KEYS_SIGNER ? &o->keys_signer
						   : NULL;

	if (slot)
		*slot = optarg;
	return slot != NULL;
}

/* Options without a value. False: c is none of them. */
static bool take_flag(struct options *o, int c)
{
	bool *slot = c == OPT_JSON                  ? &o->json
		     : c == OPT_DRY_RUN             ? &o->dry_run
		     : c == OPT_STRICT              ? &o->strict
		     : c == OPT_LIST                ? &o->list
		     : c == OPT_ALL                 ? &o->all
		     : c == OPT_KEEP                ? &o->keep
		     : c == OPT_SHELL               ? &o->shell
		     : c == OPT_KDUMP               ? &o->kdump
		     : c == OPT_NO_AGENT            ? &o->no_agent
		     : c == OPT_DETERMINISTIC       ? &o->deterministic
		     : c == OPT_SECURE_TSC          ? &o->secure_tsc
		     : c == OPT_ALTERNATE_INJECTION ? &o->alternate_injection
		     : c == OPT_NO_BOOT_CACHE       ? &o->no_boot_cache
		     : c == OPT_STATE_REQUIRED      ? &o->state_required
		     : c == OPT_KEYS_UNSIGNED       ? &o->keys_unsigned
						    : NULL;

	if (slot)
		*slot = true;
	return slot != NULL;
}

/* One option with its value. False after one line, or for an option that is not of this program. */
static bool take(struct options *o, int c)
{
	switch (c) {
	case OPT_SMP:
		return number("smp", optarg, RANGE_SMP, &o->smp);
	case OPT_MEM:
		return number("mem", optarg, RANGE_MEM, &o->mem);
	case OPT_SERVICE_CPUS:
		return number_or_none("service-cpus", optarg, RANGE_SERVICE_CPUS, &o->service_cpus);
	case OPT_ICOUNT:
		return number_or_none("icount", optarg, RANGE_ICOUNT, &o->icount);
	case OPT_SEED:
		o->deterministic = true;
		return number("seed", optarg, RANGE_SEED, &o->seed);
	case OPT_SEEDS:
		return seeds(o);
	case OPT_TRAIL_FROM:
		return trail_from(o);
	case OPT_TIMEOUT:
		return number("timeout", optarg, RANGE_TIMEOUT, &o->timeout);
	case OPT_LIMIT:
		return number("limit", optarg, RANGE_TIMEOUT, &o->limit);
	case OPT_SEV_FEATURES:
		return features(&o->sev_features);
	case OPT_TSC_OFFSET:
		return tsc_offset(&o->tsc_offset);
	case OPT_CONSOLE_PORT:
		return console_port(&o->com1);
	case OPT_FIRMWARE:
		o->firmware = optarg ? optarg : "";
		return true;
	case OPT_BOOT_CACHE:
		o->boot_cache = optarg ? optarg : "";
		return true;
	case OPT_EXEC:
		strlist_add(&o->exec, optarg);
		return true;
	case OPT_PSP:
		return psp(o);
	case OPT_OPTION:
		strlist_add(&o->words, optarg);
		return true;
	default:
		return take_text(o, c) || take_flag(o, c);
	}
}

/* As getopt_long() does: the whole name, or its beginning. */
static const struct option *find(const char *name, size_t n)
{
	const struct option *found = NULL;

	for (const struct option *o = table; o->name; o++)
		if (strncmp(o->name, name, n) == 0 && (!found || !o->name[n]))
			found = o;
	return found;
}

unsigned options_width(const char *word, const char **name)
{
	size_t n = strcspn(word, "=");
	const struct option *o = NULL;

	if (name)
		*name = "";
	if (strncmp(word, "--", 2) != 0)
		return 0;
	if (n > 2)
		o = find(word + 2, n - 2);
	if (name && o)
		*name = o->name;
	return o && o->has_arg == 1 && !word[n] ? 2 : 1;
}

/* A path, and neither an option nor SUITE or SUITE/TEST, whose names have no dot. */
static bool is_file(const char *word)
{
	return *word == '/' || (*word != '-' && strchr(word, '.')) ||
	       (strchr(word, '/') && file_exists(word));
}

/*
 * getopt_long() takes the value of an option that may do without only from the same word. The next
 * word is meant too where it can be nothing else.
 */
static void take_file(int argc, char **argv, int c)
{
	const char *next = optind < argc ? argv[optind] : NULL;

	if (c != OPT_FIRMWARE || optarg || !next || !is_file(next))
		return;
	optarg = argv[optind++];
}

/*
 * getopt_long() is told to be silent (":" and opterr), because its messages name the program by
 * argv[0]. optind = 0 makes it start afresh: `keelson igvm build` may have parsed other words
 * in this very process (run/make_igvm.c).
 */
int options_read(struct options *o, int argc, char **argv, const char *usage)
{
	int c;

	*o = (struct options){.platform = "native",
			      .qemu = getenv("QEMU"),
			      .service_cpus = -1,
			      .icount = -1,
			      .trail_from = MACHINE_REPEAT_NONE};
	psp_config_default(&o->psp);
	if (!o->qemu || !*o->qemu)
		o->qemu = "qemu-system-x86_64";
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (c == OPT_HELP) {
			printf("usage: keelson %s\n", usage);
			help();
			return -1;
		}
		if (c == '?' || c == ':') {
			problem(c == ':' ? "%s needs a value" : "unknown option %s",
				argv[optind - 1]);
			return CODE_USAGE;
		}
		take_file(argc, argv, c);
		if (!take(o, c))
			return CODE_USAGE;
	}
	while (optind < argc)
		strlist_add(&o->args, argv[optind++]);
	if (o->swtpm && strcmp(o->platform, "plain") != 0) {
		problem("--swtpm goes with --platform plain: elsewhere the SVSM has the TPM");
		return CODE_USAGE;
	}
	if ((o->state_required && !o->state) ||
	    (o->state && (o->deterministic || strcmp(o->platform, "plain") == 0))) {
		problem("--state-required goes with --state; that goes with an SVSM, and not with "
			"a "
			"run that can be repeated");
		return CODE_USAGE;
	}
	if ((!o->igvm && !o->keys != !(o->keys_signer || o->keys_unsigned)) ||
	    (o->keys && (!o->state || (o->keys_signer && o->keys_unsigned)))) {
		problem("--keys goes with --state, and without --igvm with one of --keys-signer "
			"and "
			"--keys-unsigned");
		return CODE_USAGE;
	}
	if (o->psp_given &&
	    (strcmp(o->platform, "native") != 0 || o->deterministic || o->icount >= 0)) {
		problem("--psp goes with --platform native, and not with a run that can be "
			"repeated or has instructions for time");
		return CODE_USAGE;
	}
	return CODE_PASSED;
}
