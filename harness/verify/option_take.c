/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdlib.h>

#include "harness/verify/verify_options.h"
#include "harness/verify/values.h"

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

static bool take_hex(struct words *k, const char *option, size_t least, size_t most,
		     struct bytes *out)
{
	char *takes;

	if (value_hex(optarg, least, most, out))
		return true;
	takes = least == most ? str("%zu bytes in hex", most)
			      : str("%zu to %zu bytes in hex", least, most);
	option_usage(k, option, takes, optarg);
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
		       option_usage(k, "tcb",
				    "4 numbers up to 255, or 5 for Turin, as in 9.0.23.72", optarg);
	case OPT_KEPT_LEAST:
		return value_kept(optarg, &q->wanted.kept_least) ||
		       option_usage(k, "kept-least", "EPOCH or EPOCH.COUNTER, as in 5.17", optarg);
	case OPT_PCR:
		return value_pcr(optarg, &q->wanted.pcrs) ||
		       option_usage(k, "pcr",
				    "BANK:N=HEX, each N once and all of one bank, as in "
				    "sha256:4=00ff...",
				    optarg);
	case OPT_HELP:
		k->error = REQUEST_HELP;
		return false;
	default:
		k->error = REQUEST_USAGE; /* getopt_long() has said why */
		return false;
	}
}

bool option_take(struct request *q, struct words *k, int c, int index)
{
	struct bytes *bytes = option_names_file(&q->wanted, c);
	bool *flag = option_is_flag(q, k, c);
	uint64_t number, bound = option_number_most(c);
	size_t least, most;

	if (bytes)
		return option_file(k, optarg, bytes);
	if (flag)
		return *flag = true;
	bytes = option_is_hex(&q->wanted, c, &least, &most);
	if (bytes)
		return take_hex(k, option_table[index].name, least, most, bytes);
	if (!bound)
		return take_word(q, k, c);
	if (!value_number(optarg, bound, &number) || (c == OPT_VCPUS && !number))
		return option_usage(k, option_table[index].name,
				    "a number that fits, decimal or 0x...", optarg);
	take_number(q, k, c, number);
	return true;
}
