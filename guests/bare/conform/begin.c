/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* From bare_main() to the first test: what SVSM is this, is there a harness, and who reports where.
 */
#include "bare/conform/conform.h"
#include "bare/core/calls.h"
#include "bare/lib/control.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/mem_vmpl2.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "abi/q35.h"
#include "abi/secrets.h"
#include "base/x86.h"

/* A harness answers HELLO at once. */
#define HARNESS_SECONDS 5

#define PCI_ADDRESS     0xcf8
#define PCI_DATA        0xcfc
#define LPC             (0x80000000u | 31 << 11) /* 00:1f.0 of a q35 */
#define LPC_PMBASE      0x40
#define LPC_ACPI_CTRL   0x44
#define PMBASE_IO       1u
#define ACPI_ENABLE     0x80u

static uint32_t pci_read(uint32_t at, bool snp)
{
	uint32_t v = ~0u;

	if (!snp) {
		outl(PCI_ADDRESS, at);
		return inl(PCI_DATA);
	}
	ghcb_out(PCI_ADDRESS, 4, at);
	ghcb_in(PCI_DATA, 4, &v);
	return v;
}

static void pci_write(uint32_t at, uint32_t v, bool snp)
{
	if (snp) {
		ghcb_out(PCI_ADDRESS, 4, at);
		ghcb_out(PCI_DATA, 4, v);
		return;
	}
	outl(PCI_ADDRESS, at);
	outl(PCI_DATA, v);
}

/* The power management block is where firmware puts it, and this is the firmware. */
static void make_power_off_work(bool snp)
{
	const uint32_t want = (Q35_POWEROFF_PORT - 4) | PMBASE_IO;

	if (pci_read(LPC | LPC_PMBASE, snp) == want)
		return;
	pci_write(LPC | LPC_PMBASE, want, snp);
	pci_write(LPC | LPC_ACPI_CTRL, ACPI_ENABLE, snp);
}

/* A TAP consumer takes "Bail out!" for a failure, as it is one. */
void conform_refuse(bool snp, const char *why)
{
	console_init(snp);
	console_printf("TAP version 13\r\nBail out! nothing to test: %s\r\n", why);
	make_power_off_work(snp);
	if (snp)
		test_power_off();
	for (;;)
		outw(Q35_POWEROFF_PORT, Q35_POWEROFF_VALUE);
}

static void tell_protocols(void)
{
	static const struct {
		const char *name;
		uint32_t number;
	} known[] = {{"core", SVSM_PROTO_CORE},
		     {"attestation", SVSM_PROTO_ATTEST},
		     {"vtpm", SVSM_PROTO_VTPM},
		     {"apic", SVSM_PROTO_APIC}};

	for (unsigned i = 0; i < ARRAY_LEN(known); i++) {
		struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL),
				      .rcx = (uint64_t)known[i].number << 32 | 1};

		if (svsm_call(&c) != SVSM_SUCCESS || !c.rcx)
			test_info(known[i].name, "no");
		else
			test_info(known[i].name, "versions %u to %u", (uint32_t)c.rcx,
				  (uint32_t)(c.rcx >> 32));
	}
}

static void tell_machine(void)
{
	const struct snp_secrets *s = vmpl_secrets();

	test_info("svsm", "0x%llx, 0x%llx bytes, core protocol up to version %u",
		  (unsigned long long)s->svsm_base, (unsigned long long)s->svsm_size,
		  s->svsm_max_version);
	test_info("vmpl", "%u", vmpl_own);
	test_info("vcpus", "%u", vmpl_vcpus());
	tell_protocols();
	test_info("tests_at", "0x%llx", (unsigned long long)mem_place.base);
}

/* COM1 says who reports where, so that a person who looks there is not left wondering. */
void conform_begin(const char *suite, uint32_t protocol)
{
	struct patience p = smp_patience(HARNESS_SECONDS);
	static struct control_frame f;
	const char *missing;

	if (!found_svsm())
		conform_refuse(true, "the secrets page names none");
	console_init(true);
	make_power_off_work(true);
	missing = survey();
	if (missing)
		conform_refuse(true, missing);
	if (!calls_has_protocol(protocol))
		conform_refuse(true, "it has not got the protocol of these tests");
	test_hello(suite);
	if (control_receive_within(&f, &p)) {
		console_printf("%s: reports to the harness on COM2\r\n", suite);
		tell_machine();
		test_serve(&f);
	}
	tap_begin(suite);
	tell_machine();
	tap_run();
	test_power_off();
}
