/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * libFuzzer target: request pages and everything around them into the vTPM protocol, from VMSA and
 * calling area (tests/native/fake.h) to a service that does what it likes (page_service.h). An
 * input is a row of operations of two vCPUs. What must hold:
 *
 *   - RAX is one of protocols/vtpm.h; a refused request leaves memory as it was;
 *   - a response is RETRY, FAILURE, or the answer to these very bytes at this very locality,
 *     and no execution is answered twice; it is written where the request was and nowhere else;
 *   - whatever happened, a new command gets through in the end.
 */
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/fake.h"
#include "tests/fuzz/fuzz.h"
#include "lib/crc32.h"
#include "abi/vtpm.h"
#include "tests/fuzz/page_service.h"
#include "protocols/vtpm.h"

#define AREA       AT(100) /* of the requests */
#define AREA_PAGES 4
#define AREA_SIZE  (AREA_PAGES * PAGE_SIZE)
#define MS         1000000ull
#define SERIALS    0x10000

static struct {
	const uint8_t *at, *end;
} input;

static uint32_t pull(unsigned bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | (input.at < input.end ? *input.at++ : 0);
	return v;
}

static uint8_t seen[SERIALS / 8]; /* executions whose answer was given */
static uint8_t before[AREA_SIZE];

static bool in_area(uint64_t at, uint64_t len)
{
	return at >= AREA && at - AREA <= AREA_SIZE - len;
}

/* ---- a call and its outcome ---- */

static void check_echo(const struct page_echo *e, const struct vtpm_request *asked)
{
	FUZZ_CHECK(e->serial && e->serial <= page_service.serials);
	FUZZ_CHECK(!(seen[e->serial % SERIALS / 8] & BIT(e->serial % 8)));
	seen[e->serial % SERIALS / 8] |= (uint8_t)BIT(e->serial % 8);
	FUZZ_CHECK(e->locality == asked->locality && e->len == asked->len);
	FUZZ_CHECK(e->crc == crc32_update(0, asked->data, asked->len));
}

static void check_response(uint64_t at)
{
	const struct vtpm_response *r = fake_mem(at);
	const struct vtpm_request *asked = (const void *)(before + (at - AREA));
	struct tpm_header h;
	uint32_t code;

	FUZZ_CHECK(r->len >= sizeof(h) && r->len <= VTPM_RESPONSE_MAX);
	FUZZ_CHECK(asked->command == VTPM_CMD_SEND_COMMAND && asked->locality <= 4);
	FUZZ_CHECK(asked->len <= VTPM_REQUEST_MAX);
	memcpy(&h, r->data, sizeof(h));
	code = __builtin_bswap32(h.code);
	if (code == 0 && r->len == sizeof(h) + sizeof(struct page_echo))
		check_echo((const void *)(r->data + sizeof(h)), asked);
	else if (code == TPM_RC_RETRY || code == TPM_RC_FAILURE)
		FUZZ_CHECK(r->len == sizeof(h));
	else
		FUZZ_CHECK(r->data[0] == 0xa5); /* the service's own nonsense */
}

static void check_untouched(uint64_t from, uint64_t to)
{
	if (to > from)
		FUZZ_CHECK(!memcmp(before + (from - AREA), fake_mem(from), to - from));
}

static uint32_t response_len(uint64_t at)
{
	return ((const struct vtpm_response *)fake_mem(at))->len;
}

/* nested: another vCPU's call came in between, so memory tells no more. */
static void judge(uint64_t at, uint64_t rax, bool nested)
{
	if (rax != SVSM_SUCCESS) {
		FUZZ_CHECK(rax == SVSM_ERR_INVALID_ADDRESS || rax == SVSM_ERR_INVALID_PARAMETER);
		if (!nested)
			check_untouched(AREA, AREA + AREA_SIZE);
		return;
	}
	FUZZ_CHECK(in_area(at, sizeof(struct vtpm_request)));
	check_response(at);
	if (nested)
		return;
	check_untouched(AREA, at);
	check_untouched(at + sizeof(struct vtpm_response) + response_len(at), AREA + AREA_SIZE);
}

/* ---- operations ---- */

static const uint32_t lengths[] = {12, 0, 1, 9, 10, 64, 1000, 4086, 4087, 4088, 4096, ~0u};

/* A page each vCPU, and a page behind it; offsets in the first. */
static uint64_t address(unsigned cpu)
{
	const uint64_t odd[] = {VMSA(0), CAA(0),           CAA(1),  BASE, ~0ull, ~0xfffull,
				AT(600), BASE - PAGE_SIZE, BIT(51), AREA, 0,     AT(700)};
	uint32_t v = pull(2);

	if (v >= 0xff00)
		return odd[v % ARRAY_LEN(odd)];
	return AREA + cpu * 2 * PAGE_SIZE + (v >= 0x4000 ? 0 : v % PAGE_SIZE);
}

static void write_request(uint64_t at)
{
	struct vtpm_request r = {.command = VTPM_CMD_SEND_COMMAND};
	uint8_t how = (uint8_t)pull(1), fill = (uint8_t)pull(1);
	uint64_t room;

	r.locality = how & 7;
	r.len = lengths[(how >> 3) % ARRAY_LEN(lengths)];
	if (how == 0xff)
		r.command = pull(4);
	if (how >= 0xf0)
		r.len = pull(4);
	if (!in_area(at, sizeof(r)))
		return;
	memcpy(fake_mem(at), &r, sizeof(r));
	room = AREA + AREA_SIZE - at - sizeof(r);
	memset(fake_mem(at + sizeof(r)), fill, MIN(room, MIN(r.len, PAGE_SIZE)));
}

static bool nested_now;

static void call(unsigned cpu, uint64_t at)
{
	uint8_t kept[AREA_SIZE];
	uint64_t rax;

	memcpy(kept, fake_mem(AREA), sizeof(kept));
	rax = fake_raw_call(cpu, SVSM_CALL(SVSM_PROTO_VTPM, SVSM_VTPM_COMMAND), at, 0, 0);
	memcpy(before, kept, sizeof(before));
	judge(at, rax, nested_now);
}

/* The other vCPU, whose pages are others, while the first waits for the service. */
static void other_call(void)
{
	uint64_t at = AREA + 2 * PAGE_SIZE;

	nested_now = true;
	write_request(at);
	call(1, at);
}

static void call_with_other(void)
{
	uint64_t at = AREA + pull(1);

	write_request(at);
	page_service.meanwhile = other_call;
	nested_now = false;
	call(0, at);
	page_service.meanwhile = NULL;
	nested_now = false;
}

static void serve(void)
{
	uint8_t how = (uint8_t)pull(1);

	if (!page_service_busy())
		return;
	if (how < 0xc0)
		page_service_answer();
	else
		page_service_misanswer(how & 7, how & 8 ? pull(4) : pull(1) * 17);
}

static void change_page(void)
{
	uint8_t how = (uint8_t)pull(1);

	fake_pvalidate(0, AT(100 + how % AREA_PAGES) | (how & 0x80 ? OP_RESCIND : OP_VALIDATE));
}

static void other_number(void)
{
	uint32_t number = pull(1);
	uint64_t rax = fake_raw_call(0, SVSM_CALL(SVSM_PROTO_VTPM, number), AREA, 0, 0);

	FUZZ_CHECK(number == SVSM_VTPM_COMMAND ||
		   rax == (number == SVSM_VTPM_QUERY ? SVSM_SUCCESS : SVSM_ERR_UNSUPPORTED_CALL));
}

static void operation(void)
{
	static const uint64_t pauses[] = {0,         MS,        20 * MS,  640 * MS,
					  1280 * MS, 1500 * MS, 9000 * MS};
	uint8_t op = (uint8_t)pull(1);
	unsigned cpu = op >> 7;
	uint64_t at;

	switch (op & 0xf) {
	case 0:
	case 1:
	case 2:
		at = address(cpu);
		write_request(at);
		call(cpu, at);
		break;
	case 3:
		call(cpu, address(cpu));
		break;
	case 4:
		call_with_other();
		break;
	case 5:
	case 6:
		serve();
		break;
	case 7:
		page_service.now += pauses[pull(1) % ARRAY_LEN(pauses)];
		break;
	case 8:
		page_service.helper ^= true;
		break;
	case 9:
		page_service.quick ^= true;
		break;
	case 10:
		change_page();
		break;
	case 11:
		vtpm_forget();
		break;
	default:
		other_number();
	}
}

/* Once the service has answered and nobody comes for it, there is room for a new command. */
static void check_gets_through(void)
{
	struct vtpm_request r = {.command = VTPM_CMD_SEND_COMMAND, .locality = 3, .len = 77};
	uint32_t answers = page_service.serials;

	for (unsigned i = 0; i < AREA_PAGES; i++)
		fake_pvalidate(0, AT(100 + i) | OP_VALIDATE | SVSM_PVALIDATE_IGNORE_CF);
	if (page_service_busy())
		page_service_answer();
	page_service.now += 9000 * MS;
	page_service.quick = true;
	memset(fake_mem(AREA), 0x77, PAGE_SIZE);
	memcpy(fake_mem(AREA), &r, sizeof(r));
	call(0, AREA);
	FUZZ_CHECK(page_service.serials > answers);
	FUZZ_CHECK(response_len(AREA) == sizeof(struct tpm_header) + sizeof(struct page_echo));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;

	if (!ready)
		fake_setup();
	ready = true;
	memset(seen, 0, sizeof(seen));
	page_service = (struct page_service){.now = page_service.now};
	input.at = data;
	input.end = data + MIN(size, 1024u);
	while (input.at < input.end)
		operation();
	check_gets_through();
	return 0;
}
