/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The security processor's thread behind its FIFOs, with this test in the machine's place: answers,
 * the journal, and what must not pass for a good run. abi/psp_link.h; docs/psp.md.
 *
 * sources: harness/psp/server.c harness/psp/journal.c harness/psp/message.c harness/psp/gcm.c
 * sources: harness/psp/sealed.c harness/psp/vmm.c harness/psp/table.c harness/psp/cpuid_message.c
 * sources: harness/psp/tsc_info.c harness/core/psp_config.c harness/core/util.c
 * sources: harness/qemu/port.c svsm/lib/control_frame.c svsm/lib/crc32.c launch/profiles/words.c
 * libs: -lcrypto -lpthread
 */
#include "tests/native/psp_guest.h"
#include "harness/core/util.h"
#include "harness/psp/chain.h"
#include "harness/psp/chain_store.h"
#include "harness/psp/launched.h"
#include "harness/psp/payload.h"
#include "harness/psp/server.h"
#include "abi/psp_link.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- chain and launch ---- */

static bool keys_there, has_chain = true;
static unsigned keys_made;

char *chain_folder(void)
{
	return str_dup("folder");
}

bool chain_store_there(const char *folder, const struct psp_config *c)
{
	(void)folder, (void)c;
	return keys_there;
}

char *chain_store_open(const char *folder, const struct psp_config *c, struct chain_keys *k)
{
	(void)folder, (void)c, (void)k;
	keys_made++;
	return NULL;
}

void chain_keys_free(struct chain_keys *k)
{
	(void)k;
}

struct psp_chain *chain_open(const char *folder, const struct psp_config *c, char **why)
{
	(void)folder, (void)c;
	*why = has_chain ? NULL : str_dup("no chain");
	return has_chain ? (void *)folder : NULL;
}

void chain_close(struct psp_chain *chain)
{
	(void)chain;
}

const uint8_t *chain_der(const struct psp_chain *chain, enum chain_certificate which, size_t *size)
{
	(void)chain, (void)which;
	*size = 4;
	return (const uint8_t *)"cert";
}

static bool has_block, bad_block;

char *launched(const char *igvm, const struct psp_config *c, struct psp_guest *g)
{
	(void)igvm, (void)c;
	g->running = !bad_block;
	return bad_block ? str_dup("a bad block") : NULL;
}

bool launched_has_id_block(const char *igvm, const struct psp_config *c)
{
	(void)igvm, (void)c;
	return has_block;
}

size_t psp_report(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	(void)p, (void)vmpck, (void)in, (void)n;
	memset(out, 0x77, 32);
	return 32;
}

size_t psp_key(struct psp *p, unsigned vmpck, const uint8_t *in, size_t n, uint8_t *out)
{
	return psp_report(p, vmpck, in, n, out);
}

/* ---- the machine ---- */

static char folder[] = "/tmp/keelson-psp-XXXXXX";
static char *path;
static struct psp_server *server;
static struct psp_config config;
static uint8_t keys[4][32];
static int in, out; /* the machine's: PATH.in and PATH.out */
static uint32_t last_id;
static uint8_t last_key;

static void get(void *to, size_t n)
{
	for (uint8_t *p = to; n;) {
		struct pollfd fd = {.fd = in, .events = POLLIN};
		ssize_t done = poll(&fd, 1, 60000) == 1 ? read(in, p, n) : -1;

		if (!CHECK(done > 0))
			return;
		p += done;
		n -= (size_t)done;
	}
}

static void send(const void *bytes, size_t n)
{
	CHECK_EQ(write(out, bytes, n), n);
}

static void begin(void)
{
	char *name, *why;
	int fd;

	if (!path) {
		CHECK(mkdtemp(folder));
		path = str("%s/psp", folder);
	}
	psp_config_default(&config);
	server = psp_server_start(path, "igvm", &config, &fd, &why);
	if (!CHECK(server))
		exit(1);
	CHECK_EQ(read(fd, keys, sizeof(keys)), sizeof(keys));
	close(fd);
	name = str("%s.in", path);
	in = open(name, O_RDONLY | O_NONBLOCK);
	free(name);
	name = str("%s.out", path);
	out = open(name, O_WRONLY);
	free(name);
}

static void end(void)
{
	char *log = str("%s.log", path);

	psp_server_stop(server);
	close(in);
	close(out);
	unlink(log);
	rmdir(folder); /* the last test's succeeds */
	mkdir(folder, 0700);
	free(log);
}

static void tell_launch(void)
{
	struct psp_link_launch l = {.magic = 0x6c505350, .cpuid = 1};
	struct snp_cpuid_fn f = {.eax_in = 1};

	send(&l, sizeof(l));
	send(&f, sizeof(f));
}

/* A report's request; fill makes its payload another one. */
static void ask(uint64_t seqno, uint8_t vmpck, uint8_t fill)
{
	struct psp_link_request q = {.magic = 0x71505350, .id = ++last_id, .size = MSG_PAGE};
	uint8_t payload[16], page[MSG_PAGE];

	last_key = vmpck;
	memset(payload, fill, sizeof(payload));
	msg_plain(page, seqno, 5, vmpck, payload, sizeof(payload));
	msg_seal(page, keys[vmpck], sizeof(payload));
	send(&q, sizeof(q));
	send(page, sizeof(page));
}

static void check_reply(uint64_t info2, bool page)
{
	struct psp_link_reply r;
	uint8_t response[MSG_PAGE];

	get(&r, sizeof(r));
	CHECK_EQ(r.magic, 0x72505350);
	CHECK_EQ(r.id, last_id);
	CHECK_EQ(r.info2, info2);
	CHECK_EQ(r.size, page ? MSG_PAGE : 0);
	get(response, r.size);
	CHECK(!page || msg_open(response, keys[last_key]));
}

static void check_trouble(int want, const char *words)
{
	int code = 0;
	const char *text = psp_server_trouble(server, &code);

	CHECK_EQ(code, want);
	CHECK(!words ? !text : text && strstr(text, words));
}

TEST(keys_are_made_before_anything_else)
{
	keys_there = false;
	keys_made = 0;
	begin();
	CHECK_EQ(keys_made, 1);
	end();
	keys_there = true;
	begin();
	CHECK_EQ(keys_made, 1);
	end();
}

TEST(requests_are_answered_and_noted)
{
	char *log, *text;
	size_t size;

	begin();
	tell_launch();
	ask(1, 2, 0);
	check_reply(0, true);
	ask(1, 2, 0);
	check_reply(0x1d, false);
	ask(3, 2, 0);
	check_reply(0, true);
	check_trouble(0, NULL);
	log = str("%s.log", path);
	text = file_text(log, &size);
	CHECK(text && strstr(text, "REPORT, key 2, number 1: answered (0x0)\n") &&
	      strstr(text, "REPORT, key 2, number 1: wrong number (0x1d)\n"));
	free(text);
	free(log);
	end();
}

/* Without a chain the host fails; the run goes on. */
TEST(no_chain)
{
	has_chain = false;
	begin();
	tell_launch();
	ask(1, 2, 0);
	check_reply(1ull << 63, false);
	check_trouble(0, NULL);
	end();
	has_chain = true;
}

TEST(a_key_used_twice_with_one_number_fails_the_run)
{
	for (uint8_t vmpck = 0; vmpck <= 2; vmpck += 2) {
		begin();
		tell_launch();
		ask(1, vmpck, 1);
		check_reply(0, true);
		ask(1, vmpck, 2);
		check_reply(0x1d, false);
		check_trouble(vmpck ? 4 : 5, "two payloads");
		ask(3, vmpck, 3); /* and the guest sees what the firmware would say */
		check_reply(0, true);
		end();
	}
}

/* The machine gets zeroes, which end its wait, and the run fails. */
static void check_refused_form(void)
{
	static const struct psp_link_reply none;
	struct psp_link_reply r;

	get(&r, sizeof(r));
	CHECK_MEM(&r, &none, sizeof(r));
	check_trouble(6, "without its form");
	end();
}

TEST(what_has_no_form_is_answered_too)
{
	struct psp_link_launch l = {.magic = 0x6c505350, .cpuid = 65};
	struct psp_link_request q = {.magic = 0x71505350, .size = MSG_PAGE + 1};

	begin();
	send(&l, sizeof(l));
	check_refused_form();
	begin();
	l.magic++;
	l.cpuid = 0;
	send(&l, sizeof(l));
	check_refused_form();
	begin();
	tell_launch();
	send(&q, sizeof(q));
	check_refused_form();
	begin();
	tell_launch();
	q.magic++;
	q.size = 0;
	send(&q, sizeof(q));
	check_refused_form();
}

/* A launch that the firmware does not finish has no guest that could ask. */
TEST(a_bad_id_block_is_told_at_the_start)
{
	char *why;
	int fd;

	psp_config_default(&config);
	has_block = bad_block = true;
	CHECK(!psp_server_start(path, "igvm", &config, &fd, &why));
	CHECK(why && !strcmp(why, "a bad block"));
	CHECK_EQ(fd, -1);
	free(why);
	has_block = bad_block = false;
}

/* In the middle of a request, and of an answer that nobody reads. */
TEST(it_stops_whatever_it_waits_for)
{
	begin();
	end();
	begin();
	tell_launch();
	send("PS", 2);
	end();
	rmdir(folder);
	free(path);
	path = NULL;
}
