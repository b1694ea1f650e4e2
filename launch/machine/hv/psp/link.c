/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Bytes go out by a 16550 in no time, and come in as fast as QEMU's main loop fills its FIFO. What
 * is read from there counts something only once it was checked. An answer that does not come, or
 * makes no sense, is the end of the link: whatever came next could belong to it.
 */
#include "machine/hv/psp/link.h"
#include "machine/host/isr.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/wait.h"
#include "machine/hv/ap.h"
#include "machine/hv/irq.h"
#include "machine/hv/psp/port.h"
#include "abi/uart.h"
#include "base/x86.h"
#include "lib/spinlock.h"
#include "lib/string.h"

#define ANSWER_MS 120000 /* it answers in ms; but nobody knows how busy its host is */
#define SPIN_US   100    /* so long a byte is waited for busily: most come within it */
#define NAP_US    100

/* 16550: FIFOs on and empty, and 14 bytes a turn; a byte has come */
#define FIFO_ON    0xc7
#define DATA_READY BIT(0)

static bool there, broken;
static struct spinlock lock;
static struct patience patience; /* of the request that is served */
static uint32_t last_id;
static struct psp_link_reply reply;
static uint8_t request_page[PAGE_SIZE], response_page[PAGE_SIZE], certificates[PSP_LINK_TABLE_MAX];
static uint8_t keys[GUEST_MESSAGE_KEYS]
		   [GUEST_MESSAGE_KEY]; /* from their file to the secrets page */
static struct psp_link_launch launch = {.magic = PSP_LINK_LAUNCH};
static struct snp_cpuid_fn functions[SNP_CPUID_MAX]; /* of the CPUID page */
static bool told;                                    /* the processor knows of the launch */

/* It is polled: no interrupts. */
static void uart_reset(void)
{
	psp_port_out(UART_IER, 0);
	psp_port_out(UART_FCR, FIFO_ON);
}

void psp_link_open(void)
{
	struct fwcfg_file f;

	there = fwcfg_find(MACHINE_FW_PSP, &f) && f.size == MACHINE_PSP_KEYS &&
		fwcfg_read(&f, 0, host_pa(keys), f.size);
	if (there)
		uart_reset();
}

bool psp_link_keys(uint8_t to[GUEST_MESSAGE_KEYS][GUEST_MESSAGE_KEY])
{
	if (there)
		memcpy(to, keys, sizeof(keys));
	memset(keys, 0, sizeof(keys));
	return there;
}

void psp_link_cpuid(const struct snp_cpuid_page *p)
{
	launch.cpuid = MIN(p->count, (uint32_t)SNP_CPUID_MAX);
	memcpy(functions, p->fn, launch.cpuid * sizeof(functions[0]));
}

void psp_link_tsc(uint64_t scale, uint64_t offset, uint32_t factor)
{
	launch.tsc_scale = scale;
	launch.tsc_offset = offset;
	launch.tsc_factor = factor;
}

bool psp_link_there(void)
{
	return there;
}

/* Another vCPU may wait for what this one's CPU has to do for it: a change of its VMSA. */
static void rest(struct vcpu *v, uint64_t since)
{
	if (rdtsc() - since < SPIN_US * host_tsc_khz() / 1000)
		return;
	host_nap(NAP_US * host_tsc_khz() / 1000);
	irq_timer_poll(v);
	ap_serve(v);
}

bool psp_link_begin(struct vcpu *v)
{
	struct patience p = host_patience(ANSWER_MS);
	uint64_t since = rdtsc();

	while (!spin_try(&lock)) {
		if (host_patience_over(&p))
			return false;
		rest(v, since);
	}
	return true;
}

void psp_link_end(void)
{
	spin_unlock(&lock);
}

void *psp_link_page(void)
{
	return request_page;
}

static void send(const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		psp_port_out(UART_DATA, *p++);
}

static bool receive(struct vcpu *v, void *to, size_t n)
{
	uint64_t since = rdtsc();

	for (uint8_t *p = to; n; n--) {
		while (!(psp_port_in(UART_LSR) & DATA_READY)) {
			if (host_patience_over(&patience))
				return false;
			rest(v, since);
		}
		*p++ = psp_port_in(UART_DATA);
		since = rdtsc();
	}
	return true;
}

/* Without the zeroes at its end. */
static uint32_t page_size(const uint8_t *page)
{
	uint32_t n = PAGE_SIZE;

	while (n && !page[n - 1])
		n--;
	return n;
}

static void tell_of_launch(void)
{
	if (told)
		return;
	send(&launch, sizeof(launch));
	send(functions, launch.cpuid * sizeof(functions[0]));
	told = true;
}

static void send_request(bool extended, uint32_t pages)
{
	struct psp_link_request r = {
		.magic = PSP_LINK_REQUEST,
		.id = ++last_id,
		.extended = extended,
		.pages = pages,
		.size = page_size(request_page),
	};

	send(&r, sizeof(r));
	send(request_page, r.size);
}

static bool receive_reply(struct vcpu *v)
{
	memset(response_page, 0, sizeof(response_page));
	return receive(v, &reply, sizeof(reply)) && reply.magic == PSP_LINK_REPLY &&
	       reply.id == last_id && reply.size <= sizeof(response_page) &&
	       reply.table <= sizeof(certificates) && receive(v, response_page, reply.size) &&
	       receive(v, certificates, reply.table);
}

const struct psp_link_reply *psp_link_ask(struct vcpu *v, bool extended, uint32_t pages,
					  const void **response, const void **table)
{
	if (broken)
		return NULL;
	patience = host_patience(ANSWER_MS);
	tell_of_launch();
	send_request(extended, pages);
	if (!receive_reply(v)) {
		broken = true;
		host_log("psp: the security processor does not answer: guest requests fail from "
			 "now on");
		return NULL;
	}
	*response = reply.size ? response_page : NULL;
	*table = certificates;
	return &reply;
}
