/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson igvm pcrs: the PCRs that a direct boot leaves in the TPM before the guest's first
 * command, computed on the host: from kernel, initrd and command line, from the list in an IGVM
 * file, or from both, which must agree. Nothing here asks an SVSM.
 */
#include "harness/igvm/eventlog.h"
#include "harness/igvm/events.h"
#include "harness/igvm/igvm_cmd.h"
#include "harness/igvm/launch_page.h"
#include "harness/igvm/replay.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct request {
	const char *image, *kernel, *initrd, *cmdline, *log;
	bool json;
};

static const char usage_text[] =
	"usage: keelson igvm pcrs [FILE] [--kernel BZIMAGE [--initrd FILE] [--cmdline TEXT]\n"
	"                         [--log FILE]] [--json]";

static bool parse(struct request *r, int argc, char **argv)
{
	static const struct option options[] = {
		{"kernel", required_argument, NULL, 'k'},  {"initrd", required_argument, NULL, 'i'},
		{"cmdline", required_argument, NULL, 'c'}, {"log", required_argument, NULL, 'l'},
		{"json", no_argument, NULL, 'j'},          {NULL, 0, NULL, 0},
	};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return false;
		if (c == 'j')
			r->json = true;
		else
			*(c == 'k'   ? &r->kernel
			  : c == 'i' ? &r->initrd
			  : c == 'c' ? &r->cmdline
				     : &r->log) = optarg;
	}
	if (optind < argc)
		r->image = argv[optind++];
	return optind == argc && (r->image || r->kernel) &&
	       (r->kernel || (!r->initrd && !r->cmdline && !r->log));
}

/* ---- the two ways to a list ---- */

static enum igvm_exit add_initrd(const char *path, struct launch_info *info)
{
	struct blob b;

	if (!blob_read(path, &b))
		return IGVM_EXIT_HOST;
	events_initrd(info, &b);
	blob_free(&b);
	return IGVM_EXIT_OK;
}

static enum igvm_exit from_files(const struct request *r, struct launch_info *info)
{
	struct blob k;
	bool ok;

	*info = (struct launch_info){0};
	if (!blob_read(r->kernel, &k))
		return IGVM_EXIT_HOST;
	events_separators(info);
	ok = events_kernel(info, &k);
	blob_free(&k);
	if (!ok)
		return IGVM_EXIT_BAD_FILE;
	events_cmdline(info, r->cmdline ? r->cmdline : "");
	return r->initrd ? add_initrd(r->initrd, info) : IGVM_EXIT_OK;
}

/* The file may be anybody's. */
static bool in_range(const struct launch_info *info)
{
	for (uint32_t i = 0; i < info->event_count; i++)
		if (info->event_count > LAUNCH_EVENTS_MAX ||
		    info->events[i].pcr >= LAUNCH_EVENT_PCRS ||
		    !memchr(info->events[i].text, 0, LAUNCH_EVENT_TEXT))
			return false;
	return true;
}

static enum igvm_exit from_image(const char *path, struct launch_info *info)
{
	if (!launch_page_read(path, info) || !in_range(info)) {
		igvm_fail("%s: no IGVM file with a launch page of this version", path);
		return IGVM_EXIT_BAD_FILE;
	}
	if (info->event_count)
		return IGVM_EXIT_OK;
	if (info->guest == LAUNCH_GUEST_FIRMWARE)
		igvm_fail(
			"%s: its guest is firmware, which measures itself and what it starts: the "
			"PCRs follow from its event log alone (tpm2_eventlog), not from this file",
			path);
	else
		igvm_fail("%s: nothing is measured: its guest is no Linux kernel", path);
	return IGVM_EXIT_BAD_FILE;
}

static bool same_events(const struct launch_info *a, const struct launch_info *b)
{
	return a->event_count == b->event_count &&
	       memcmp(a->events, b->events, sizeof(a->events)) == 0;
}

static enum igvm_exit find_events(const struct request *r, struct launch_info *info)
{
	struct launch_info files;
	enum igvm_exit e = r->image ? from_image(r->image, info) : from_files(r, info);

	if (e || !r->image || !r->kernel)
		return e;
	e = from_files(r, &files);
	if (e || same_events(info, &files))
		return e;
	igvm_fail("%s measures something else than these files", r->image);
	return IGVM_EXIT_BAD_FILE;
}

/* ---- what is shown ---- */

static void hex(const uint8_t *bytes, unsigned n, const char *format)
{
	for (unsigned i = 0; i < n; i++)
		printf(format, bytes[i]);
}

/* As tpm2_pcrread prints it, without the PCRs that nothing has extended. */
static void print_text(const struct replay *r)
{
	for (enum bank b = 0; b < BANKS; b++) {
		printf("  %s:\n", bank_info[b].name);
		for (unsigned pcr = 0; pcr < LAUNCH_EVENT_PCRS; pcr++) {
			if (!(r->extended >> pcr & 1))
				continue;
			printf("    %-2u: 0x", pcr);
			hex(r->pcr[b][pcr], bank_info[b].bytes, "%02X");
			putchar('\n');
		}
	}
}

static void print_json(const struct replay *r)
{
	for (enum bank b = 0; b < BANKS; b++) {
		const char *comma = "";

		printf("%s\"%s\":{", b ? "," : "{", bank_info[b].name);
		for (unsigned pcr = 0; pcr < LAUNCH_EVENT_PCRS; pcr++) {
			if (!(r->extended >> pcr & 1))
				continue;
			printf("%s\"%u\":\"", comma, pcr);
			hex(r->pcr[b][pcr], bank_info[b].bytes, "%02x");
			putchar('"');
			comma = ",";
		}
		putchar('}');
	}
	puts("}");
}

static enum igvm_exit write_log(const struct request *r, const struct launch_info *info)
{
	struct blob log = {0};
	bool ok;

	eventlog_make(info, r->cmdline ? r->cmdline : "", &log);
	ok = blob_write(r->log, log.data, log.size);
	blob_free(&log);
	return ok ? IGVM_EXIT_OK : IGVM_EXIT_HOST;
}

int igvm_pcrs_command(int argc, char **argv)
{
	struct request r = {0};
	struct launch_info info;
	struct replay values;
	enum igvm_exit e;

	if (!parse(&r, argc, argv)) {
		fprintf(stderr, "%s\n", usage_text);
		return IGVM_EXIT_USAGE;
	}
	e = find_events(&r, &info);
	if (e)
		return e;
	replay_events(&values, &info);
	if (r.json)
		print_json(&values);
	else
		print_text(&values);
	return r.log ? write_log(&r, &info) : IGVM_EXIT_OK;
}
