/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* keelson kbs: a small key server for tests. docs/key-release.md has what it does and what it is
 * not. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/commands.h"
#include "harness/core/exitcode.h"
#include "harness/core/signals.h"
#include "harness/core/util.h"
#include "harness/kbs/kbs.h"

static const char usage_text[] =
	"usage: keelson kbs --vm NAME=FILE.igvm... --store DIR --listen SOCKET [OPTIONS]\n"
	"       keelson kbs --list --store DIR\n"
	"\n"
	"         --vm NAME=FILE.igvm        launches of that image get the keys of NAME's state; "
	"any "
	"number of\n"
	"                                    them, several of one name after an update\n"
	"         --store DIR                where keys and epochs are, a file for each name\n"
	"         --listen SOCKET            the UNIX socket that `keelson run` is given\n"
	"         --signer PEM               a private key of P-384, made if it is not there, that "
	"signs what\n"
	"                                    is given; its public half goes to PEM.pub\n"
	"         --root FILE, --chain FILE  as for `keelson verify`; without them the test chain "
	"of "
	"this\n"
	"                                    checkout, whose reports prove nothing\n"
	"         --allow-debug              also guests that their host can look into\n"
	"         --params coconut|trustee   what REPORT_DATA is made of\n"
	"         --bare                     one key for ever, as other key servers have it: no "
	"epochs\n"
	"         --clients N                end after so many\n"
	"         --list                     show VMs, epochs and launches\n";

enum {
	OPT_VM = 256,
	OPT_STORE,
	OPT_LISTEN,
	OPT_SIGNER,
	OPT_ROOT,
	OPT_CHAIN,
	OPT_ALLOW_DEBUG,
	OPT_PARAMS,
	OPT_BARE,
	OPT_CLIENTS,
	OPT_LIST,
	OPT_HELP
};

static const struct option options[] = {
	{"vm", 1, NULL, OPT_VM},
	{"store", 1, NULL, OPT_STORE},
	{"listen", 1, NULL, OPT_LISTEN},
	{"signer", 1, NULL, OPT_SIGNER},
	{"root", 1, NULL, OPT_ROOT},
	{"chain", 1, NULL, OPT_CHAIN},
	{"allow-debug", 0, NULL, OPT_ALLOW_DEBUG},
	{"params", 1, NULL, OPT_PARAMS},
	{"bare", 0, NULL, OPT_BARE},
	{"clients", 1, NULL, OPT_CLIENTS},
	{"list", 0, NULL, OPT_LIST},
	{"help", 0, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct request {
	struct kbs kbs;
	const char *store, *listen, *signer;
	unsigned clients;
	bool list;
	int code; /* of what went wrong */
};

static bool host_problem(struct request *q, const char *what, const char *why)
{
	problem("kbs: %s: %s", what, why);
	q->code = CODE_HOST;
	return false;
}

/* NAME=FILE */
static bool add_vm(struct request *q, char *word)
{
	static const struct launch_host host = {.native_zero = false};
	struct kbs *k = &q->kbs;
	char *file = strchr(word, '=');
	bool unreadable;

	if (!file || k->vms == KBS_VMS)
		return false;
	*file++ = '\0';
	if (!epochs_name(word))
		return false;
	k->vm[k->vms].name = word;
	if (launch_digest(file, &host, k->vm[k->vms].digest, &unreadable)) {
		k->vms++;
		return true;
	}
	q->code = unreadable ? CODE_HOST : CODE_FAILED;
	return false;
}

static bool add_certificates(struct request *q, struct certificates *to, const char *path)
{
	size_t n;
	char *bytes = file_text(path, &n);
	const char *why = bytes ? certificates_add(to, (uint8_t *)bytes, n) : strerror(errno);

	free(bytes);
	return !why || host_problem(q, path, why);
}

static bool take_params(struct kbs *k, const char *word)
{
	k->form = strcmp(word, "trustee") == 0 ? SEAL_TRUSTEE : SEAL_COCONUT;
	return k->form == SEAL_TRUSTEE || strcmp(word, "coconut") == 0;
}

static bool take_clients(struct request *q, const char *word)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	q->clients = (unsigned)n;
	return *word >= '0' && *word <= '9' && !*end && n && n <= 1000000;
}

/* False: the word makes no sense, or q->code says what went wrong. */
static bool take(struct request *q, int c)
{
	switch (c) {
	case OPT_VM:
		return add_vm(q, optarg);
	case OPT_STORE:
		q->store = optarg;
		return true;
	case OPT_LISTEN:
		q->listen = optarg;
		return true;
	case OPT_SIGNER:
		q->signer = optarg;
		return true;
	case OPT_ROOT:
		return add_certificates(q, &q->kbs.root, optarg);
	case OPT_CHAIN:
		return add_certificates(q, &q->kbs.chain, optarg);
	case OPT_PARAMS:
		return take_params(&q->kbs, optarg);
	case OPT_CLIENTS:
		return take_clients(q, optarg);
	case OPT_ALLOW_DEBUG:
		return q->kbs.allow_debug = true;
	case OPT_BARE:
		return q->kbs.bare = true;
	case OPT_LIST:
		return q->list = true;
	default:
		return false;
	}
}

static bool fits(const struct request *q)
{
	if (q->list)
		return q->store && !q->listen && !q->kbs.vms;
	return q->store && q->listen && q->kbs.vms && !q->kbs.root.n == !q->kbs.chain.n;
}

static int work(struct request *q)
{
	char *why = NULL;
	int code = CODE_HOST;

	q->kbs.store = epochs_open(q->store, &why);
	if (!q->kbs.store)
		problem("kbs: %s", why);
	else if (q->list)
		code = epochs_list(q->kbs.store, stdout) ? CODE_PASSED : CODE_HOST;
	else if ((q->kbs.root.n || kbs_test_chain(&q->kbs)) &&
		 (!q->signer || kbs_signer(&q->kbs, q->signer)))
		code = kbs_serve(&q->kbs, q->listen, q->clients);
	epochs_close(q->kbs.store);
	free(why);
	return code;
}

int kbs_command(int argc, char **argv)
{
	struct request q = {.code = CODE_USAGE};
	int c;

	signals_init();
	optind = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == OPT_HELP) {
			fputs(usage_text, stdout);
			return CODE_PASSED;
		}
		if (!take(&q, c))
			break;
	}
	if (c == -1 && optind == argc && fits(&q))
		q.code = work(&q);
	else if (q.code == CODE_USAGE)
		fputs(usage_text, stderr);
	EVP_PKEY_free(q.kbs.signer);
	certificates_free(&q.kbs.chain);
	certificates_free(&q.kbs.root);
	return q.code;
}
