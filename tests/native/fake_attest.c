/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* Ring 3, the host and a guest for the test of the attestation protocol. */
#include "tests/native/fake_attest.h"
#include "harness/psp/gcm.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include "tests/native/check.h"
#include "harness/psp/chain.h"
#include "lib/lock.h"
#include "mm/alloc.h"
#include "cpu/timer.h"
#include "protocols/attest/attest.h"
#include "protocols/attest/attest_ahead.h"
#include "protocols/vtpm.h"
#include "services/attest/seal.h"

/* ---- time ---- */

uint64_t now;

uint64_t timer_uptime_ns(void)
{
	return now;
}

/* ---- ring 3 ---- */

struct service attest_service, vtpm_service, vtpm_keys_service;
static struct service_request *attest_asked, *vtpm_asked;
static uint64_t attest_left, vtpm_left; /* ns that the request under way still takes */
struct fake_attest_ring3 ring3;

static uint32_t public_of(uint8_t seed, uint32_t which, uint8_t *to)
{
	uint32_t n = 20 + which;

	memset(to, (int)(seed + which), n);
	to[0] = 0;
	to[1] = (uint8_t)(n - 2);
	return n;
}

uint32_t key_public(uint32_t which, uint8_t *to)
{
	return public_of(ring3.seed, which, to);
}

static void done(struct service_request *r, uint32_t status, uint32_t len)
{
	r->status = status;
	r->out_len = len;
	r->done = true;
}

static bool is_seal(const struct service_request *r)
{
	return r->kind == ATTEST_REQ_SEAL || r->kind == ATTEST_REQ_SEAL_DATA;
}

/* What is to be sealed may be in the world from here on, whether the service dies or not. */
static void note_seal(const struct service_request *r)
{
	static uint8_t before[sizeof(struct attest_head) + ATTEST_DATA_MAX];
	static struct service_request last;
	const struct attest_seal *s = r->in;

	if (!CHECK(r->in_len <= sizeof(before)))
		return;
	if (ring3.seals++ && s->head.seqno == ((struct attest_seal *)before)->head.seqno)
		ring3.two_payloads |= r->kind != last.kind || r->in_len != last.in_len ||
				      memcmp(before, s, r->in_len) != 0;
	memcpy(before, s, r->in_len);
	last = *r;
}

static void seal(struct service_request *r)
{
	const struct attest_seal *s = r->in;
	uint8_t digest[64];

	if (r->kind == ATTEST_REQ_SEAL)
		seal_hash(s->data, r->in_len - sizeof(*s), digest);
	else
		memcpy(digest, s->data, CHECK_EQ(r->in_len, sizeof(*s) + 64) ? 64 : 0);
	CHECK(seal_report_request(r->out, s->head.key, s->head.seqno, digest));
	done(r, SERVICE_OK, sizeof(struct guest_message));
}

static void do_attest(struct service_request *r)
{
	const struct attest_open *o = r->in;
	bool ok;

	CHECK(is_seal(r) || r->kind == ATTEST_REQ_OPEN);
	if (is_seal(r))
		note_seal(r);
	ring3.opens += r->kind == ATTEST_REQ_OPEN;
	if (ring3.deaths) {
		ring3.deaths--;
		attest_service.restarts++;
		done(r, SERVICE_LOST, 0);
	} else if (is_seal(r)) {
		seal(r);
	} else {
		ok = seal_open_report(&o->message, o->head.key, o->head.seqno, r->out);
		done(r, ok ? SERVICE_OK : SERVICE_EFAILED, ok ? sizeof(struct report_response) : 0);
	}
}

static void do_vtpm(struct service_request *r)
{
	CHECK_EQ(r->kind, VTPM_REQ_KEY);
	ring3.keys++;
	if (ring3.no_keys)
		done(r, SERVICE_EFAILED, 0);
	else
		done(r, SERVICE_OK, key_public(r->arg, r->out));
}

static bool submit(struct service *s, struct service_request *r)
{
	r->done = false;
	if (s->restarts >= SERVICE_RESTARTS_MAX) {
		done(r, SERVICE_LOST, 0);
	} else if (s == &vtpm_keys_service) {
		ahead.asked = r;
	} else if (s == &attest_service) {
		attest_asked = r;
		attest_left = MS;
	} else {
		vtpm_asked = r;
		vtpm_left = ring3.key_ns;
	}
	return true;
}

bool service_blob_read(struct service *s, uint32_t slot, void *to, uint32_t len)
{
	bool there = s == &vtpm_service && slot == VTPM_SLOT_KEPT && ring3.kept.counter &&
		     len == sizeof(ring3.kept);

	if (there)
		memcpy(to, &ring3.kept, len);
	return there;
}

bool service_submit(struct service *s, struct service_request *r)
{
	return submit(s, r);
}

struct service_request *vtpm_submit(struct service_request *r)
{
	static struct service_request command;

	if (ring3.tpm_busy)
		return &command;
	submit(&vtpm_service, r);
	return NULL;
}

/* ---- the service CPU, and the copy of the vTPM's program ---- */

struct fake_attest_ahead ahead;
uint32_t hv_used = 1;

uint64_t vtpm_rest_left(uint64_t ns)
{
	CHECK_EQ(ns, 1500 * MS);
	return ahead.left;
}

uint64_t timer_now(void)
{
	return now;
}

uint64_t timer_ticks(uint64_t ns)
{
	return ns;
}

void timer_arm(uint64_t tsc)
{
	ahead.armed = tsc - now;
}

size_t alloc_free_pages(void)
{
	return ahead.pages;
}

int service_blob_copy(struct service *to, struct service *from, uint32_t slot)
{
	CHECK(to == &vtpm_keys_service && from == &vtpm_service);
	CHECK_EQ(slot, VTPM_SLOT_PERMANENT);
	ahead.copies++;
	ahead.seed = ring3.seed;
	return ahead.no_state;
}

void service_retire(struct service *s)
{
	CHECK(s == &vtpm_keys_service);
	CHECK(!ahead.asked);
	ahead.retired++;
}

void service_cpu(void)
{
	struct service_request *r;

	attest_ahead();
	CHECK(!*lock_held());
	r = ahead.asked;
	ahead.asked = NULL;
	if (!r)
		return;
	CHECK_EQ(r->kind, VTPM_REQ_KEY);
	ahead.keys++;
	if (ahead.dies)
		done(r, SERVICE_LOST, 0);
	else
		done(r, SERVICE_OK, public_of(ahead.seed, r->arg, r->out));
}

/* Another vCPU's call comes while this one's CPU is lent. */
void (*meanwhile)(void);

enum sched_end service_run(struct service *s, struct service_request *r, uint64_t ns, bool wait)
{
	struct service_request **asked = s == &attest_service ? &attest_asked : &vtpm_asked;
	uint64_t *left = s == &attest_service ? &attest_left : &vtpm_left;
	void (*other)(void) = meanwhile;

	CHECK(wait);
	CHECK(!*lock_held());
	meanwhile = NULL;
	if (other)
		other();
	if (r->done)
		return SCHED_DONE;
	if (*asked != r || *left > ns) {
		now += ns;
		*left -= *asked == r ? ns : 0;
		return SCHED_SLICE;
	}
	now += *left;
	*asked = NULL;
	s == &attest_service ? do_attest(r) : do_vtpm(r);
	return SCHED_DONE;
}

/* ---- the host, and the security processor behind it ---- */

struct psp psp;
struct psp_config config;
struct snp_secrets secrets;

struct fake_attest_host host;

/* The processor's answer says this, and has no report. */
static void answer_without_report(struct guest_message *m, uint32_t status)
{
	struct report_response r = {.status = status};

	m->size = offsetof(struct report_response, report);
	memcpy(m->payload, &r, m->size);
	CHECK(gcm_seal(m, secrets.vmpck[0]));
}

static enum platform_result message(struct platform_message *m)
{
	struct guest_message copy;

	CHECK(!*lock_held());
	memcpy(&copy, m->request, sizeof(copy));
	host.differs |= host.asked && !host.answered && memcmp(&copy, &host.last, sizeof(copy));
	host.last = copy;
	host.certificates = m->certificates;
	host.asked++;
	m->pages = host.pages;
	m->status = 0;
	if (host.refuses)
		return PLATFORM_REFUSED;
	host.answered = !host.times;
	if (host.times) {
		host.times--;
		m->status = host.status;
		return PLATFORM_OK;
	}
	CHECK_EQ(psp_request(&psp, &copy, m->response), SNP_STATUS_SUCCESS);
	if (host.no_report)
		answer_without_report(m->response, host.no_report);
	if (host.spoils)
		((uint8_t *)m->response)[0x70] ^= 1;
	if (m->certificates)
		memcpy(m->certificates, host.table, sizeof(host.table));
	return PLATFORM_OK;
}

bool chain_sign(const struct psp_chain *chain, enum endorsement by, const void *data, size_t n,
		uint8_t r[72], uint8_t s[72])
{
	(void)chain;
	(void)by;
	(void)data;
	(void)n;
	memset(r, 1, 72);
	memset(s, 2, 72);
	return true;
}

const uint8_t *chain_root(const struct psp_chain *chain, enum endorsement of)
{
	(void)chain;
	(void)of;
	return (const uint8_t *)"a chip's secret, of thirty-two bytes";
}

const struct snp_secrets *secrets_open(void)
{
	return &secrets;
}

void secrets_close(void)
{
}

void secrets_wipe_key(void)
{
	memset(secrets.vmpck[0], 0, sizeof(secrets.vmpck[0]));
}

const char *platform_result_name(enum platform_result r)
{
	(void)r;
	return "?";
}

void *alloc(size_t size)
{
	return calloc(1, size);
}

void alloc_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

/* ---- a guest ---- */

void setup(void)
{
	static struct platform_ops ops;
	const struct memmap_range ram = {gpa(BASE), PAGES * PAGE_SIZE};

	fake_setup();
	if (!ops.message) {
		ops = *platform;
		ops.message = message;
		platform = &ops;
	}
	CHECK(memmap_set(&ram, 1, gpa(BASE), SIZE_2M));
	psp_config_default(&config);
	psp = (struct psp){.config = &config};
	CHECK(psp_guest_init(&psp.guest));
	psp.guest.running = true;
	memcpy(secrets.vmpck, psp.guest.vmpck, sizeof(secrets.vmpck));
	memset(&host, 0, sizeof(host));
	memset(&ring3, 0, sizeof(ring3));
	ring3.key_ns = 3 * MS;
	ring3.seed = 0x40;
	ahead = (struct fake_attest_ahead){.left = UINT64_MAX, .pages = 2000};
	vtpm_keys_service.page_limit = 1024;
	attest_service.restarts = vtpm_service.restarts = 0;
	meanwhile = NULL;
	now += 100000 * MS;
	attest_reset();
}

struct attest_single *operation(uint8_t n)
{
	static const uint8_t vtpm[16] = ATTEST_GUID_VTPM;
	struct attest_single *s = fake_mem(OP);

	memset(s, 0, PAGE_SIZE);
	memset(fake_mem(NONCE), 0x11, 64);
	*(uint8_t *)fake_mem(NONCE) = n;
	memset(fake_mem(REPORT), 0xee, 6 * PAGE_SIZE);
	s->op.report = (struct attest_buffer){.gpa = REPORT, .size = PAGE_SIZE};
	s->op.nonce = (struct attest_nonce){.gpa = NONCE, .size = 64};
	s->op.manifest = (struct attest_buffer){.gpa = MANIFEST, .size = PAGE_SIZE};
	memcpy(s->service, vtpm, sizeof(vtpm));
	return s;
}

struct vmsa *regs(unsigned cpu)
{
	return fake_mem(VMSA(cpu));
}

uint64_t call_at(unsigned cpu, uint32_t number, uint64_t rcx)
{
	return fake_raw_call(cpu, SVSM_CALL(SVSM_PROTO_ATTEST, number), rcx, ~0ull, ~0ull);
}

/* As Linux does: the same again as long as it is INCOMPLETE. */
uint64_t call(uint32_t number)
{
	uint64_t rax;
	unsigned n = 0;

	do
		rax = call_at(0, number, OP);
	while (rax == SVSM_ERR_INCOMPLETE && ++n < 20000);
	return rax;
}

uint64_t single(void)
{
	return call(SVSM_ATTEST_SINGLE_SERVICE);
}

const struct attestation_report *report(void)
{
	return fake_mem(REPORT);
}

/* REPORT_DATA is SHA-512 of nonce and manifest. */
void check_report(uint32_t manifest_size)
{
	uint8_t said[2 * PAGE_SIZE], digest[64];

	CHECK_EQ(regs(0)->rcx, manifest_size);
	CHECK_EQ(regs(0)->r8, 0x4a0);
	memcpy(said, fake_mem(NONCE), 64);
	memcpy(said + 64, fake_mem(MANIFEST), manifest_size);
	EVP_Digest(said, 64 + manifest_size, digest, NULL, EVP_sha512(), NULL);
	CHECK_MEM(report()->report_data, digest, 64);
	CHECK_EQ(report()->vmpl, 0);
	CHECK_EQ(((uint8_t *)fake_mem(MANIFEST))[manifest_size], 0xee);
	CHECK_EQ(((uint8_t *)fake_mem(REPORT))[0x4a0], 0xee);
}
