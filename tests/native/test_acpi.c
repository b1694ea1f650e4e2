/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The ACPI tables that a guest's firmware gets: the script is worked off as firmware does it (edk2,
 * OvmfPkg/AcpiPlatformDxe/QemuFwCfgAcpi.c), and ACPICA, which is nobody's of ours, judges what
 * comes of it.
 *
 * sources: launch/machine/dev/acpi/acpi_set.c launch/machine/dev/acpi/acpi_platform.c
 * sources: launch/machine/dev/acpi/acpi_madt.c svsm/lib/acpi/acpi_table.c svsm/lib/acpi/acpi_q35.c
 */
#include "machine/cpu/vcpu.h"
#include "machine/dev/acpi/acpi_madt.h"
#include "machine/dev/acpi/acpi_set.h"
#include "lib/acpi/acpi_table.h"
#include "machine/host_assert.h"
#include "tests/native/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VCPUS      3
#define LOW_END    0x28000000ull
#define EXBAR_ON   1ull
#define EXBAR_128M 2ull
#define EXBAR_64M  4ull

/* Where the firmware of this test puts the files. */
#define TABLES_AT 0x7e000000u
#define RSDP_AT   0xf5a40u

static struct vcpu vcpus[VCPUS] = {{.apic_id = 0}, {.apic_id = 1}, {.apic_id = 2}};
struct vcpu *machine_vcpus[HOST_MAX_CPUS - 1] = {&vcpus[0], &vcpus[1], &vcpus[2]};

static struct acpi_set set;
static uint8_t tables[16384], dsdt[16384];
static char folder[64], said[65536];

void host_fault(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

/* Runs a command in the test's folder; its exit code, and all that it says. */
static int run(const char *command)
{
	char line[1200];
	FILE *f;
	size_t n;

	snprintf(line, sizeof(line), "cd %s && { %s; } 2>&1", folder, command);
	f = popen(line, "r");
	n = f ? fread(said, 1, sizeof(said) - 1, f) : 0;
	said[n] = 0;
	return f ? pclose(f) : -1;
}

static void write_file(const char *name, const void *data, size_t n)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	if (CHECK(f)) {
		CHECK_EQ(fwrite(data, 1, n, f), n);
		fclose(f);
	}
}

/* The DSDT as the build compiles it. */
static void compile(void)
{
	char line[1024], here[256], path[128];
	FILE *f;

	strcpy(folder, "/tmp/keelson-acpi-XXXXXX");
	if (!CHECK(mkdtemp(folder)) || !CHECK(getcwd(here, sizeof(here))))
		return;
	snprintf(line, sizeof(line),
		 "iasl -I%s/svsm/include/abi -p dsdt %s/launch/machine/dev/acpi/dsdt.asl", here,
		 here);
	if (!CHECK_EQ(run(line), 0))
		fputs(said, stderr);
	CHECK(strstr(said, "0 Errors"));
	snprintf(path, sizeof(path), "%s/dsdt.aml", folder);
	f = fopen(path, "rb");
	if (CHECK(f)) {
		set.dsdt_size = (uint32_t)fread(dsdt, 1, sizeof(dsdt), f);
		fclose(f);
	}
	set.dsdt = dsdt;
	set.tables = tables;
	set.vcpus = VCPUS;
	set.size = acpi_set_size(&set);
	CHECK(set.size <= sizeof(tables));
}

static uint8_t *blob(const char *name, uint32_t *size, uint32_t *at)
{
	bool rsdp = !strcmp(name, ACPI_SET_RSDP);

	CHECK(rsdp || !strcmp(name, ACPI_SET_TABLES));
	*size = rsdp ? sizeof(set.rsdp) : set.size;
	*at = rsdp ? RSDP_AT : TABLES_AT;
	return rsdp ? (uint8_t *)&set.rsdp : tables;
}

/* ProcessCmdAddPointer(): what stands there lies in the other file. */
static void add_pointer(const struct acpi_command *c)
{
	uint32_t size, at, to_size, to;
	uint8_t *in = blob(c->pointer.in, &size, &at);
	uint64_t value = 0;

	blob(c->pointer.to, &to_size, &to);
	CHECK(c->pointer.offset + c->pointer.size <= size);
	memcpy(&value, in + c->pointer.offset, c->pointer.size);
	CHECK(value < to_size);
	value += to;
	memcpy(in + c->pointer.offset, &value, c->pointer.size);
}

/* ProcessCmdAddChecksum(): over the byte as it is. */
static void add_checksum(const struct acpi_command *c)
{
	uint32_t size, at;
	uint8_t *in = blob(c->checksum.file, &size, &at);

	CHECK(c->checksum.start + c->checksum.length <= size);
	CHECK(c->checksum.offset < size);
	in[c->checksum.offset] = acpi_checksum(in + c->checksum.start, c->checksum.length);
}

static void link_tables(void)
{
	unsigned allocated = 0;

	for (unsigned i = 0; i < ACPI_SET_COMMANDS; i++) {
		const struct acpi_command *c = &set.script[i];

		if (c->command == 2)
			add_pointer(c);
		else if (c->command == 3)
			add_checksum(c);
		else if (CHECK_EQ(c->command, 1))
			allocated++;
		CHECK(c->command == 1 || allocated == 2);
	}
}

static void make(uint64_t pciexbar)
{
	const struct acpi_windows w = acpi_windows_find(pciexbar, LOW_END);

	if (!*folder)
		compile();
	acpi_set_make(&set, &w);
	link_tables();
}

static const struct acpi_header *at_address(uint64_t at)
{
	return at >= TABLES_AT && at < TABLES_AT + set.size ? (void *)(tables + (at - TABLES_AT))
							    : NULL;
}

/* The n-th table of the XSDT. */
static const struct acpi_header *listed(const struct acpi_header *xsdt, unsigned n)
{
	uint64_t at;

	memcpy(&at, (const uint8_t *)(xsdt + 1) + 8 * n, sizeof(at));
	return at_address(at);
}

/* Whole, and ACPICA's disassembler reads it. */
static void check_table(const struct acpi_header *h, const char *signature)
{
	char name[16], line[64];

	check_context("%s", signature);
	if (!CHECK(h) || !CHECK_MEM(h->signature, signature, 4))
		return;
	CHECK((const uint8_t *)h + h->length <= tables + set.size);
	CHECK_EQ(acpi_checksum(h, h->length), 0);
	snprintf(name, sizeof(name), "%.4s.dat", signature);
	write_file(name, h, h->length);
	snprintf(line, sizeof(line), "iasl -d %s", name);
	CHECK_EQ(run(line), 0);
	if (!CHECK(!strstr(said, "Error") && !strstr(said, "rror -")))
		fputs(said, stderr);
}

TEST(firmware_links_a_whole_set)
{
	static const char *const names[] = {"FACP", "APIC", "HPET", "MCFG", "SSDT"};
	const struct acpi_header *xsdt, *fadt;
	uint32_t facs;

	make(0xe0000000 | EXBAR_ON);
	CHECK_EQ(acpi_checksum(&set.rsdp, 20), 0);
	CHECK_EQ(acpi_checksum(&set.rsdp, sizeof(set.rsdp)), 0);
	xsdt = at_address(set.rsdp.xsdt);
	check_table(xsdt, "XSDT");
	if (!CHECK_EQ(xsdt->length, sizeof(*xsdt) + 8 * ARRAY_LEN(names)))
		return;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		check_table(listed(xsdt, i), names[i]);
	fadt = listed(xsdt, 0);
	memcpy(&facs, (const uint8_t *)fadt + 36, 4);
	CHECK_EQ(facs % 64, 0);
	CHECK_MEM(at_address(facs), "FACS\x40\0\0\0", 8);
	memcpy(&facs, (const uint8_t *)fadt + 40, 4);
	check_table(at_address(facs), "DSDT");
	CHECK_MEM((const uint8_t *)fadt + 140, (const uint8_t *)fadt + 40, 4);
}

/* One line of acpiexec's "resources" each. */
static bool tells(const char *what, uint64_t value)
{
	char text[80];
	const char *at = said;
	size_t n;

	snprintf(text, sizeof(text), "%s : %0*llX", what, value >> 32 ? 16 : 8,
		 (unsigned long long)value);
	for (n = strlen(text); *at; at++)
		if (!strncmp(at, text, n))
			return true;
	fprintf(stderr, "no \"%s\" in\n%s", text, said);
	return false;
}

static void evaluate(const char *command)
{
	char line[200];

	snprintf(line, sizeof(line), "acpiexec -b '%s' DSDT.dat SSDT.dat </dev/null", command);
	CHECK_EQ(run(line), 0);
	/* What "resources" tries besides, to set them, no device here has. */
	if (!CHECK(!strstr(said, "ACPI Error") && !strstr(said, "ACPI Exception")))
		fputs(said, stderr);
}

TEST(acpica_finds_the_windows)
{
	make(0xe0000000 | EXBAR_ON);
	firmware_links_a_whole_set();
	evaluate("resources \\_SB.PCI0");
	CHECK(tells("Address Minimum", LOW_END));
	CHECK(tells("Address Maximum", 0xdfffffff));
	CHECK(tells("Address Minimum", 0xf0000000));
	CHECK(tells("Address Maximum", 0xfebfffff));
	CHECK(tells("Address Minimum", 0x8000000000));
	CHECK(tells("Address Maximum", 0x7fffffffffff));
	evaluate("resources \\_SB.DRAC");
	CHECK(tells("Address Minimum", 0xe0000000));
	CHECK(tells("Address Length", 0x10000000));
	evaluate("evaluate \\_SB.PCI0._PRT");
	CHECK(strstr(said, "[Package] Contains 128 Elements"));
}

TEST(windows_go_around_the_configuration_space)
{
	struct acpi_windows w = acpi_windows_find(0xb0000000 | EXBAR_ON, LOW_END);

	CHECK_EQ(w.ecam, 0xb0000000);
	CHECK_EQ(w.ecam_end, 0xbfffffff);
	CHECK_EQ(w.below, LOW_END);
	CHECK_EQ(w.below_end, 0xafffffff);
	CHECK_EQ(w.above, 0xc0000000);
	CHECK_EQ(w.above_end, 0xfebfffff);
	w = acpi_windows_find(0xec000000 | EXBAR_64M | EXBAR_ON, LOW_END);
	CHECK_EQ(w.ecam, 0xec000000);
	CHECK_EQ(w.above, 0xf0000000);
	w = acpi_windows_find(0xec000000 | EXBAR_128M | EXBAR_ON, LOW_END);
	CHECK_EQ(w.ecam, 0xe8000000);
}

/* Turned off, of a reserved size, in RAM, over the IOAPIC, or above 4 GiB: nothing to go around. */
TEST(without_a_configuration_space)
{
	static const uint64_t none[] = {0xe0000000, 0xe0000000 | EXBAR_64M | EXBAR_128M | EXBAR_ON,
					0x20000000 | EXBAR_ON, 0xf0000000 | EXBAR_ON,
					0x800000000 | EXBAR_ON};

	for (unsigned i = 0; i < ARRAY_LEN(none); i++) {
		struct acpi_windows w = acpi_windows_find(none[i], LOW_END);

		check_context("0x%llx", (unsigned long long)none[i]);
		CHECK_EQ(w.ecam, 0);
		CHECK_EQ(w.below, LOW_END);
		CHECK_EQ(w.below_end + 1, w.above);
		CHECK(w.below < w.below_end && w.above < w.above_end);
		CHECK_EQ(w.above_end, 0xfebfffff);
	}
	make(0xe0000000);
	firmware_links_a_whole_set();
	make(0xe0000000);
	CHECK_EQ(listed(at_address(set.rsdp.xsdt), 3)->length, 44); /* an MCFG without an entry */
}

/* PCI Firmware 3.0, table 4-3: the numbers of the entry's first and last bus. No more than have a
 * number, and no more than there is room for. */
TEST(mcfg_names_the_buses_there_are)
{
	struct acpi_windows w = acpi_windows_find(0xec000000 | EXBAR_64M | EXBAR_ON, LOW_END);
	static const uint8_t buses[][2] = {{0, 0}, {5, 5}, {63, 63}, {64, 63}, {255, 63}};
	uint8_t table[60];

	for (unsigned i = 0; i < ARRAY_LEN(buses); i++) {
		w.last_bus = buses[i][0];
		CHECK_EQ(acpi_mcfg(table, &w), sizeof(table));
		CHECK_EQ(acpi_checksum(table, sizeof(table)), 0);
		CHECK_EQ(table[54], 0);
		CHECK_EQ(table[55], buses[i][1]);
	}
}

TEST(cpus_are_the_guest_s)
{
	uint8_t madt[512];
	uint32_t n = acpi_madt(NULL, VCPUS, 0);
	unsigned found = 0;

	CHECK_EQ(acpi_madt(madt, VCPUS, 0), n);
	for (unsigned at = 44; at < n; at += madt[at + 1])
		if (madt[at] == 0)
			CHECK_EQ(madt[at + 3], found++);
	CHECK_EQ(found, VCPUS);
	CHECK_EQ(acpi_checksum(madt, n), 0);
	CHECK_EQ(acpi_madt(NULL, 1, 0), n - 16);
	CHECK_EQ(acpi_madt(NULL, VCPUS, 20), n + 20);
}

TEST(clean_up)
{
	char line[128];

	snprintf(line, sizeof(line), "rm -rf %s", folder);
	if (CHECK(*folder))
		CHECK_EQ(system(line), 0);
}
