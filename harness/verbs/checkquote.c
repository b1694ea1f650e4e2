/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The host verbs that judge what a TPM signed: by libcrypto alone, and by the host's tpm2-tools
 * as a second opinion. The test in the guest names files that it has put. A bad request is
 * "error: ...", a bad signature is "wrong: ...": a test of forged quotes must not take one for
 * the other.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/verbs/checkquote.h"
#include "harness/qemu/qemu.h"
#include "harness/verbs/quote.h"
#include "harness/core/runclock.h"
#include "harness/core/util.h"

enum {
	NONCE_MOST = 64, /* bytes; TPM2B_DATA holds a TPMT_HA */
	TOOL_STEP_MS = 500,
	TOOL_LIMIT_MS = 120000, /* for a tool that hangs, by a clock that stands while we do */
	WORDS_MOST = 6
};

/* ---- arguments ---- */

/* Splits at blanks: exactly n words, neither fewer nor more. */
static bool split(char *args, char **word, size_t n)
{
	char *save = NULL;

	for (size_t i = 0; i < n; i++, args = NULL)
		if (!(word[i] = strtok_r(args, " ", &save)))
			return false;
	return strtok_r(NULL, " ", &save) == NULL;
}

static void refuse(char *answer, size_t size, const char *why)
{
	snprintf(answer, size, "error: %s", why);
}

static void verdict(char *answer, size_t size, const char *wrong)
{
	snprintf(answer, size, wrong ? "wrong: %s" : "ok", wrong);
}

/* Lower case only, as the protocol says; -1 for anything else. */
static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Lower-case hex; "-" is the empty one. */
static bool nonce(const char *text, unsigned char bytes[NONCE_MOST], size_t *n)
{
	size_t length = strcmp(text, "-") ? strlen(text) : 0;

	if (length % 2 || length > 2 * NONCE_MOST)
		return false;
	for (*n = 0; *n < length / 2; ++*n) {
		int high = digit(text[2 * *n]), low = digit(text[2 * *n + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[*n] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* Reads n files; false, with none of them held, when one is not there. */
static bool read_files(const struct host_files *f, char *const *name, struct blob *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		b[i].p = host_files_read(f, name[i], &b[i].n);
		if (b[i].p)
			continue;
		while (i--)
			free((void *)b[i].p);
		return false;
	}
	return true;
}

/* What read_files() read. */
static void free_files(struct blob *b, size_t n)
{
	while (n--)
		free((void *)b[n].p);
}

/* ---- libcrypto ---- */

/* The question is checked before any file is read. */
void checkquote_here(const struct host_files *f, char *args, char *answer, size_t size)
{
	unsigned char bytes[NONCE_MOST];
	char *word[6];
	struct quote q;
	struct blob b[4];
	size_t n;

	if (!split(args, word, 6) || !nonce(word[5], bytes, &n)) {
		refuse(answer, size, "it takes PUB.pem MSG SIG RAW SELECTION NONCE");
		return;
	}
	if (!read_files(f, word, b, 4)) {
		refuse(answer, size, "a file was not put");
		return;
	}
	q = (struct quote){b[0], b[1], b[2], b[3], {bytes, n}, word[4]};
	verdict(answer, size, quote_wrong(&q));
	free_files(b, 4);
}

/* The schemes are those that the suites use; each has a fixed hash. */
void checkquote_signature(const struct host_files *f, char *args, char *answer, size_t size)
{
	static const struct {
		const char *name;
		unsigned scheme, hash;
	} schemes[] = {{"rsassa-sha256", ALG_RSASSA, ALG_SHA256},
		       {"rsapss-sha256", ALG_RSAPSS, ALG_SHA256},
		       {"ecdsa-sha256", ALG_ECDSA, ALG_SHA256},
		       {"ecdsa-sha384", ALG_ECDSA, ALG_SHA384}};
	size_t i = 0;
	struct blob b[3];
	char *word[4];

	if (!split(args, word, 4)) {
		refuse(answer, size, "it takes SCHEME PUB.pem SIG DATA");
		return;
	}
	while (i < ARRAY_LEN(schemes) && strcmp(schemes[i].name, word[0]) != 0)
		i++;
	if (i == ARRAY_LEN(schemes) || !read_files(f, word + 1, b, 3)) {
		refuse(answer, size, "no such scheme, or a file was not put");
		return;
	}
	verdict(answer, size,
		signature_wrong(b[0], schemes[i].scheme, schemes[i].hash, b[1], b[2]));
	free_files(b, 3);
}

/* ---- tpm2-tools ---- */

/* The tool's first complaint (malloc'ed). tpm2-tools mark it with "ERROR: ". */
static char *complaint(const char *path)
{
	char *text = file_text(path, NULL), *at = text ? strstr(text, "ERROR: ") : NULL, *line;

	line = at ? str("%.*s", (int)MIN(strcspn(at, "\n"), 300u), at) : str("no word of why");
	free(text);
	return str_ascii(line);
}

/*
 * Its exit status, or -1: it did not start or did not end. It runs as QEMU does, in a process group
 * of its own, and is killed when it hangs, because its input is the guest's.
 */
static int run_tool(const struct strlist *argv, const char *log)
{
	struct pollfd p = {.events = POLLIN};
	struct runclock clock;
	struct qemu tool;
	char *why = NULL;
	bool ended;

	if (!qemu_start(&tool, argv, log, NULL, 0, &why)) {
		free(why);
		return -1;
	}
	p.fd = tool.pidfd;
	runclock_start(&clock);
	do
		ended = poll(&p, 1, TOOL_STEP_MS) == 1;
	while (!ended && runclock_now(&clock) < TOOL_LIMIT_MS);
	qemu_kill(&tool);
	return ended && WIFEXITED(tool.status) ? WEXITSTATUS(tool.status) : -1;
}

/* False: one of the four files is not there. */
static bool tool_words(const struct host_files *f, char *word[WORDS_MOST], struct strlist *argv)
{
	static const char *const options[] = {"-u", "-m", "-s", "-f", "-g", "-q"};
	bool there = true;

	strlist_add(argv, "tpm2_checkquote");
	for (size_t i = 0; i < WORDS_MOST; i++) {
		char *path = i < 4 ? host_files_path(f, word[i]) : str_dup(word[i]);

		there = there && path;
		strlist_add(argv, options[i]);
		strlist_add(argv, path ? path : "");
		free(path);
	}
	return there;
}

/*
 * The nonce and the hash go onto a command line, so they are checked here; names of files are
 * plain by host_files.h.
 */
void checkquote_tool(const struct host_files *f, char *args, char *answer, size_t size)
{
	struct strlist argv = {0};
	unsigned char bytes[NONCE_MOST];
	char *word[WORDS_MOST], *log, *line;
	bool there;
	size_t n;
	int code;

	if (!split(args, word, WORDS_MOST) || !nonce(word[5], bytes, &n) ||
	    (strcmp(word[4], "sha1") && strcmp(word[4], "sha256") && strcmp(word[4], "sha384"))) {
		refuse(answer, size, "it takes PUB.pem MSG SIG PCRS HASH NONCE");
		return;
	}
	there = tool_words(f, word, &argv);
	log = str("%s/.tpm2_checkquote.log", f->folder);
	code = there ? run_tool(&argv, log) : -1;
	line = complaint(log);
	if (!there)
		refuse(answer, size, "a file was not put");
	else if (code < 0 || code == 127)
		refuse(answer, size, "tpm2_checkquote does not run here: install tpm2-tools");
	else
		verdict(answer, size, code ? line : NULL);
	unlink(log);
	free(line);
	free(log);
	strlist_free(&argv);
}
