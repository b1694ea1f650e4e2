/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * One client: terms, evidence, keys, proof. Reasons are told here, in words, and to the client as
 * {"success":false}: it may be anybody.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/kbs/kbs.h"
#include "harness/kbs/messages.h"
#include "harness/verify/verify.h"

#define MESSAGE_MS 30000 /* for all of one message */
#define CHALLENGE  64

struct client {
	const struct kbs *k;
	int fd;
	char text[RELEASE_MESSAGE_MAX + 1];
	uint64_t length;
	uint8_t challenge[CHALLENGE];
	struct message_evidence evidence;
	uint8_t data[64]; /* REPORT_DATA as it has to be */
	const char *vm;
	struct epochs_issued keys;
};

/* ---- messages ---- */

static bool exactly(struct client *c, void *to, size_t n, uint64_t until)
{
	uint8_t *p = to;

	while (n) {
		uint64_t now = now_ms();
		struct pollfd w = {.fd = c->fd, .events = POLLIN};
		ssize_t got = -1;

		if (now >= until)
			return false;
		if (poll(&w, 1, (int)(until - now)) > 0)
			got = recv(c->fd, p, n, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		p += MAX(got, 0);
		n -= (size_t)MAX(got, 0);
	}
	return true;
}

static bool take(struct client *c)
{
	uint64_t until = now_ms() + MESSAGE_MS;

	return exactly(c, &c->length, sizeof(c->length), until) && c->length &&
	       c->length <= RELEASE_MESSAGE_MAX && exactly(c, c->text, (size_t)c->length, until);
}

/* A socket's buffer has room for a message. Frees the text. */
static bool give(const struct client *c, char *text)
{
	uint64_t n = strlen(text);
	bool ok = send(c->fd, &n, sizeof(n), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(n) &&
		  send(c->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n;

	free(text);
	return ok;
}

static bool refuse(const struct client *c, const char *why)
{
	problem("kbs: refused: %s", why);
	give(c, message_success(false));
	return false;
}

/* ---- evidence ---- */

/* Whose launch it is; NULL: nobody's. */
static const char *vm_of(const struct kbs *k, const uint8_t digest[LAUNCH_DIGEST_BYTES])
{
	for (unsigned i = 0; i < k->vms; i++)
		if (memcmp(k->vm[i].digest, digest, LAUNCH_DIGEST_BYTES) == 0)
			return k->vm[i].name;
	return NULL;
}

/* The report is AMD's word, or the root's owner's, about a launch of that VM's and our challenge.
 */
static bool is_good(struct client *c, struct verdict *v)
{
	struct attestation_report *r = &c->evidence.report;
	struct evidence e = {.report = {(uint8_t *)r, sizeof(*r)},
			     .chain = c->k->chain,
			     .root = c->k->root,
			     .now = time(NULL)};
	struct wanted w = {.allow_debug = c->k->allow_debug,
			   .has_vmpl = true,
			   .report_data = {c->data, sizeof(c->data)}};

	if (!verify(&e, &w, v))
		return false;
	c->vm = vm_of(c->k, r->measurement);
	return c->vm || verdict_refuse(v, "measurement", "it is of no launch that has keys here");
}

static bool judge(struct client *c)
{
	struct verdict v = {0};
	bool ok = is_good(c, &v);
	const struct verdict_line *refusal = verdict_refusal(&v);
	char *why = refusal ? str("%s: %s", refusal->check, refusal->text) : NULL;

	if (!ok)
		refuse(c, why ? why : "the evidence");
	free(why);
	verdict_free(&v);
	return ok;
}

/* ---- keys ---- */

static void tell_of_others(const struct client *c)
{
	char *id = verdict_hex(c->keys.open_report_id, EPOCHS_REPORT_ID);

	if (c->keys.open)
		problem("kbs: %s: the launch before, report ID %s, has not proved epoch %llu: it "
			"ended early, or runs still and this one is a clone",
			c->vm, id, (unsigned long long)c->keys.open_epoch);
	if (c->keys.reused)
		problem("kbs: %s: %u launches have proved nothing, so there is no new epoch", c->vm,
			RELEASE_KEYS_MAX);
	free(id);
}

/* The secret, and its length; 0: no keys. */
static size_t secret_of(struct client *c, uint8_t secret[SEAL_SECRET_MAX])
{
	struct release_secret head = {.magic = RELEASE_MAGIC};
	const uint8_t *id = c->evidence.report.report_id;
	size_t n;

	if (c->k->bare)
		return epochs_bare(c->k->store, c->vm, id, secret) ? RELEASE_KEY : 0;
	if (!epochs_issue(c->k->store, c->vm, id, &c->keys))
		return 0;
	tell_of_others(c);
	head.count = c->keys.count;
	head.flags = c->keys.proved ? RELEASE_STATE_PROVED : 0;
	n = head.count * sizeof(c->keys.keys[0]);
	memcpy(secret, &head, sizeof(head));
	memcpy(secret + sizeof(head), c->keys.keys, n);
	return sizeof(head) + n;
}

static bool release(struct client *c)
{
	uint8_t secret[SEAL_SECRET_MAX];
	struct sealed s;
	size_t n = secret_of(c, secret);
	bool ok = n && seal_for(&c->evidence.key, secret, n, c->data, c->k->signer, &s);

	OPENSSL_cleanse(secret, sizeof(secret));
	return ok ? give(c, message_answer(&s, c->k->signer))
		  : refuse(c, "there are no keys to give");
}

static bool prove(struct client *c)
{
	const struct release_key *newest = &c->keys.keys[c->keys.count - 1];
	struct message_proof p;
	uint8_t good[32];
	const char *why = message_read_proof(c->text, c->length, &p);

	if (why)
		return refuse(c, why);
	if (p.epoch != newest->epoch ||
	    !seal_proof(RELEASE_SEALED, newest, c->challenge, sizeof(c->challenge), good) ||
	    CRYPTO_memcmp(good, p.proof, sizeof(good)) != 0)
		return refuse(c, "its proof is none of the key that it was given");
	switch (epochs_prove(c->k->store, c->vm, c->evidence.report.report_id, p.epoch)) {
	case EPOCHS_PROVED:
		return seal_proof(RELEASE_BURNT, newest, c->challenge, sizeof(c->challenge),
				  good) &&
		       give(c, message_burnt(good));
	case EPOCHS_BURNT:
		problem("kbs: %s: epoch %llu is burnt: another launch has proved a later one, so "
			"two "
			"of them run (a clone?)",
			c->vm, (unsigned long long)p.epoch);
		return refuse(c, "its epoch is burnt");
	default:
		return refuse(c, "the proof cannot be noted down");
	}
}

/* ---- the conversation ---- */

static bool begin(struct client *c)
{
	const char *why = take(c) ? message_read_hello(c->text, c->length) : "no message";

	if (!why && RAND_bytes(c->challenge, sizeof(c->challenge)) != 1)
		why = "no random numbers";
	return why ? refuse(c, why)
		   : give(c, message_terms(c->k->form, c->challenge, sizeof(c->challenge)));
}

static bool attest(struct client *c)
{
	const char *why = take(c) ? message_read_evidence(c->text, c->length, &c->evidence)
				  : "no evidence came";

	if (!why && (c->evidence.challenge_len != sizeof(c->challenge) ||
		     memcmp(c->evidence.challenge, c->challenge, sizeof(c->challenge)) != 0))
		why = "the evidence is for another challenge";
	if (!why && !seal_report_data(c->k->form, &c->evidence.key, c->challenge,
				      sizeof(c->challenge), c->data))
		why = "libcrypto fails";
	return why ? refuse(c, why) : judge(c) && release(c);
}

void kbs_converse(const struct kbs *k, int fd)
{
	struct client *c = mem_alloc(sizeof(*c));

	memset(c, 0, sizeof(*c));
	c->k = k;
	c->fd = fd;
	if (begin(c) && attest(c) && !k->bare && take(c))
		prove(c);
	OPENSSL_cleanse(c, sizeof(*c));
	free(c);
}
