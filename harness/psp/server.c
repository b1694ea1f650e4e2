/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/core/exitcode.h"
#include "harness/core/util.h"
#include "harness/psp/chain.h"
#include "harness/psp/chain_store.h"
#include "harness/psp/journal.h"
#include "harness/psp/launched.h"
#include "harness/psp/server.h"
#include "harness/psp/vmm.h"
#include "harness/qemu/port.h"

#define SLOW_MS 2000

struct psp_server {
	char *path, *log;
	const char *igvm;
	struct stat image; /* of that file, at the launch */
	const struct psp_config *config;
	int in, out, stop; /* the FIFOs, and an eventfd */
	pthread_t thread;
	bool running;
	bool launched;      /* the machine has told of its launch */
	bool ready, unable; /* chain and digest are there; cannot be had */
	struct psp_chain *chain;
	struct psp psp;
	struct vmm vmm;
	uint64_t started;
	FILE *journal;
	int code; /* of the trouble, which is set behind it: the thread's until then */
	_Atomic(char *) trouble;
};

/* Only the first one counts. text is taken over. */
static void give_trouble(struct psp_server *s, int code, char *text)
{
	if (atomic_load(&s->trouble)) {
		free(text);
		return;
	}
	problem("security processor: %s", text);
	s->code = code;
	atomic_store(&s->trouble, text);
}

const char *psp_server_trouble(const struct psp_server *s, int *code)
{
	const char *text = s ? atomic_load(&s->trouble) : NULL;

	if (text)
		*code = s->code;
	return text;
}

/* ---- bytes; false: the server is to stop ---- */

/* Waits until fd is ready, ms at most; -1: for ever. */
static bool wait_for(const struct psp_server *s, int fd, short events, int ms)
{
	struct pollfd p[] = {{.fd = s->stop, .events = POLLIN}, {.fd = fd, .events = events}};

	while (poll(p, ARRAY_LEN(p), ms) < 0 && errno == EINTR)
		;
	return !p[0].revents;
}

/* POLLIN: n bytes from the machine; POLLOUT: to it. */
static bool transfer(const struct psp_server *s, short direction, void *bytes, size_t n)
{
	int fd = direction == POLLIN ? s->out : s->in;
	uint8_t *p = bytes;

	while (n) {
		ssize_t done = direction == POLLIN ? read(fd, p, n) : write(fd, p, n);

		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (done <= 0 && !wait_for(s, fd, direction, -1))
			return false;
		p += MAX(done, 0);
		n -= (size_t)MAX(done, 0);
	}
	return true;
}

/* ---- requests ---- */

/* A report is of what was launched: a file that is built anew meanwhile is another. */
static bool is_as_launched(const struct psp_server *s)
{
	struct stat now = {0};

	stat(s->igvm, &now);
	return now.st_ino == s->image.st_ino && now.st_size == s->image.st_size &&
	       now.st_mtim.tv_sec == s->image.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == s->image.st_mtim.tv_nsec;
}

static char *measure_launch(struct psp_server *s)
{
	return is_as_launched(s) ? launched(s->igvm, s->config, &s->psp.guest)
				 : str("%s has changed since it was launched, so its digest is not "
				       "known any more",
				       s->igvm);
}

/* What the first request needs. False: there is none to be had, and a line has said why. */
static bool prepare(struct psp_server *s)
{
	char *folder, *why = NULL;

	if (s->ready || s->unable)
		return s->ready;
	folder = chain_folder();
	s->chain = chain_open(folder, s->config, &why);
	s->psp.chain = s->chain;
	if (s->chain && !s->psp.guest.running)
		why = measure_launch(s);
	s->ready = s->chain && s->psp.guest.running && vmm_init(&s->vmm, &s->psp);
	s->unable = !s->ready;
	if (s->unable)
		problem("security processor: %s", why ? why : "no room for the certificates");
	free(why);
	free(folder);
	return s->ready;
}

/* A machine that does not keep to the form waits for a reply: this one ends the link for it, too.
 */
static bool refuse_form(struct psp_server *s, const char *what)
{
	struct psp_link_reply none = {0};

	give_trouble(s, CODE_MONITOR, str("the machine sent %s without its form", what));
	transfer(s, POLLOUT, &none, sizeof(none));
	return false;
}

static bool take_launch(struct psp_server *s)
{
	struct psp_link_launch l;

	if (!transfer(s, POLLIN, &l, sizeof(l)))
		return false;
	if (l.magic != PSP_LINK_LAUNCH || l.cpuid > SNP_CPUID_MAX)
		return refuse_form(s, "its launch");
	s->psp.launch = (struct psp_launch){.cpuid_count = l.cpuid,
					    .tsc_scale = l.tsc_scale,
					    .tsc_offset = l.tsc_offset,
					    .tsc_factor = l.tsc_factor};
	s->launched = true;
	return transfer(s, POLLIN, s->psp.launch.cpuid, l.cpuid * sizeof(s->psp.launch.cpuid[0]));
}

/* A key of VMPL 0 is the SVSM's alone. */
static void look_for_reuse(struct psp_server *s)
{
	const struct psp *p = &s->psp;

	if (p->reused)
		give_trouble(s, p->reused_key ? CODE_GUEST : CODE_SVSM,
			     str("VMPCK%u has sealed two payloads with one sequence number, %llu",
				 p->reused_key, (unsigned long long)p->reused_seqno));
}

static void answer(struct psp_server *s, const struct psp_link_request *q,
		   const struct guest_message *request, struct guest_message *response,
		   struct psp_link_reply *r)
{
	if (s->ready)
		vmm_serve(&s->vmm, q, request, response, r);
	else
		*r = (struct psp_link_reply){.info2 = VMM_ERROR_GENERIC};
	r->magic = PSP_LINK_REPLY;
	r->id = q->id;
	look_for_reuse(s);
	journal_note(&s->journal, s->log, now_ms() - s->started, q, request, r);
}

/* One request. False: the end. */
static bool serve(struct psp_server *s)
{
	struct guest_message request = {0}, response = {0};
	struct psp_link_request q;
	struct psp_link_reply r;

	if (!s->launched && !take_launch(s))
		return false;
	if (!transfer(s, POLLIN, &q, sizeof(q)))
		return false;
	if (q.magic != PSP_LINK_REQUEST || q.size > sizeof(request))
		return refuse_form(s, "a request");
	if (!transfer(s, POLLIN, &request, q.size))
		return false;
	if (prepare(s) && vmm_is_slow(&s->vmm) && !wait_for(s, -1, 0, SLOW_MS))
		return false;
	answer(s, &q, &request, &response, &r);
	return transfer(s, POLLOUT, &r, sizeof(r)) && transfer(s, POLLOUT, &response, r.size) &&
	       transfer(s, POLLOUT, s->vmm.table, r.table);
}

static void *run(void *arg)
{
	while (serve(arg))
		;
	return NULL;
}

/* ---- beginning and end ---- */

bool psp_server_has_keys(const struct psp_config *config)
{
	char *folder = chain_folder();
	bool there = chain_store_there(folder, config);

	free(folder);
	return there;
}

/* RSA keys take seconds, for which no request should wait. What goes wrong shows at the first
 * request; most boots have none. */
static void make_keys(const struct psp_config *config)
{
	struct chain_keys k = {0};
	char *folder;

	if (psp_server_has_keys(config))
		return;
	folder = chain_folder();
	free(chain_store_open(folder, config, &k));
	chain_keys_free(&k);
	free(folder);
}

/* The pipe has room for them, and its other end is closed: QEMU finds them, and then the end. */
static bool write_keys(const struct psp_server *s, int *keys)
{
	int fd[2];
	bool ok;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return false;
	ok = write(fd[1], s->psp.guest.vmpck, MACHINE_PSP_KEYS) == MACHINE_PSP_KEYS;
	close(fd[1]);
	*keys = fd[0];
	return ok;
}

static bool open_all(struct psp_server *s, int *keys)
{
	s->in = port_fifo_open(s->path, "in", 0);
	s->out = port_fifo_open(s->path, "out", 0);
	s->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->in >= 0 && s->out >= 0 && s->stop >= 0 && psp_guest_init(&s->psp.guest) &&
	       write_keys(s, keys);
}

/* False: the firmware refuses the ID block, and *why tells. */
static bool finish_launch(struct psp_server *s, char **why)
{
	if (launched_has_id_block(s->igvm, s->config))
		*why = launched(s->igvm, s->config, &s->psp.guest);
	return !*why;
}

struct psp_server *psp_server_start(const char *path, const char *igvm,
				    const struct psp_config *config, int *keys, char **why)
{
	struct psp_server *s = mem_alloc(sizeof(*s));

	*s = (struct psp_server){.path = str_dup(path),
				 .log = str("%s.log", path),
				 .started = now_ms(),
				 .igvm = igvm,
				 .config = config,
				 .in = -1,
				 .out = -1,
				 .stop = -1};
	s->psp.config = config;
	make_keys(config);
	stat(igvm, &s->image); /* one that cannot be read is told of later */
	*keys = -1;
	*why = NULL;
	s->running = open_all(s, keys) && finish_launch(s, why) &&
		     (errno = pthread_create(&s->thread, NULL, run, s)) == 0;
	if (s->running)
		return s;
	if (*keys >= 0)
		close(*keys);
	*keys = -1;
	psp_server_stop(s);
	return NULL;
}

void psp_server_stop(struct psp_server *s)
{
	if (!s)
		return;
	if (s->running) {
		eventfd_write(s->stop, 1);
		pthread_join(s->thread, NULL);
	}
	port_fifo_close(s->path, "in", s->in);
	port_fifo_close(s->path, "out", s->out);
	if (s->stop >= 0)
		close(s->stop);
	if (s->journal)
		fclose(s->journal);
	chain_close(s->chain);
	free(atomic_load(&s->trouble));
	free(s->log);
	free(s->path);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}
