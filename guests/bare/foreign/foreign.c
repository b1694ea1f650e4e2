/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Another SVSM than ours, as small as one can be, for tests of the harness: it logs on COM1, which
 * its guest uses too, prints no marker that the harness knows, has no launch page and no control
 * port, and starts its guest as COCONUT-SVSM does, by AP_CREATION "on INIT" and RUN_VMPL of the
 * MSR protocol. Both then do what the word in foreign_deed says, which a test writes into the IGVM
 * file.
 */
#include "abi/ghcb.h"
#include "abi/q35.h"
#include "abi/uart.h"
#include "abi/vmsa.h"
#include "bare/lib/bare.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/trap.h"
#include "bare/machine/region.h"
#include "lib/string.h"

#define R        6
#define VMSA     MEM_PAGE(R, 1)
#define STACK    MEM_PAGE(R, 4) /* grows down into pages 2 and 3 */
#define USER     MEM_PAGE(R, 6)
#define GUEST    2 /* VMPL */
#define SLEEP_S5 BIT(13)

#define MARK     "foreign-deed:"
extern char foreign_deed[32];
char foreign_deed[32] = MARK "boot";

static bool deed(const char *word)
{
	return strcmp(foreign_deed + sizeof(MARK) - 1, word) == 0;
}

/* A polled console, a byte an exit: nobody waits for a line that QEMU empties at once. */
static void say(const char *text)
{
	for (; *text; text++)
		ghcb_out(Q35_CONSOLE_PORT + UART_DATA, 1, (uint8_t)*text);
}

/* Any instruction that leaves the guest will do. */
static void in_user_mode(void)
{
	__asm__ volatile("cpuid" : : "a"(0), "c"(0) : "rbx", "rdx", "memory");
	for (;;)
		;
}

/* At VMPL2, on the same vCPU, with a GHCB of its own. */
static void guest(void *arg)
{
	static struct fault f;
	uint32_t unused;

	(void)arg;
	ghcb_cpu_init();
	say("guest: firmware of nobody's\n");
	if (FAULT_CATCH(&f))
		trap_enter_user(in_user_mode, USER);
	say("guest: back from user mode\n");
	if (deed("guest-terminates"))
		ghcb_terminate(0, 0);
	while (deed("guest-polls"))
		ghcb_in(Q35_CONSOLE_PORT + UART_LSR, 1, &unused);
	while (deed("guest-spins"))
		;
	ghcb_out(Q35_POWEROFF_PORT, 2, SLEEP_S5);
	ghcb_terminate(0, 0);
}

static bool run_vmpl(unsigned vmpl)
{
	uint64_t r = ghcb_msr((uint64_t)vmpl << 32 | GHCB_MSR_RUN_VMPL_REQ);

	ghcb_select();
	return r == GHCB_MSR_RUN_VMPL_RESP;
}

static bool create(void)
{
	return ghcb_ap_create(percpu()->apic_id, GUEST, GHCB_AP_CREATE_ON_INIT, VMSA,
			      snp_features()) == 0;
}

NORETURN static void panic(const char *why)
{
	say("[foreign] PANIC: ");
	say(why);
	say("\n");
	ghcb_terminate(0, 0);
	for (;;)
		;
}

/* False: something of it was refused. */
static bool make_guest(void)
{
	if (!region_reset(R) || !region_validate(R, 1, 8))
		return false;
	percpu_area[1] = (struct percpu){.index = 1, .apic_id = percpu()->apic_id};
	ghcb_page(1);
	smp_fill_vmsa((struct vmsa *)VMSA, 1, GUEST, guest, NULL, STACK);
	for (unsigned i = 2; i < 9; i++)
		if (rmpadjust(MEM_PAGE(R, i), RMP_PG_4K, RMPADJUST_ATTR(GUEST, RMP_RWX)))
			return false;
	return region_image_rights(GUEST, RMP_RWX) &&
	       !rmpadjust(VMSA, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA);
}

void foreign_spins(void);
void foreign_spins(void)
{
	for (;;)
		run_vmpl(3);
}

/* The guest never comes back here. */
void bare_main(void)
{
	say("[foreign] an SVSM of nobody's\n");
	if (deed("svsm-panics"))
		panic("a deed was asked for");
	if (deed("svsm-spins"))
		foreign_spins();
	if (!make_guest() || !create())
		panic("no guest");
	say("[foreign] the guest starts\n");
	run_vmpl(GUEST);
	panic("the guest does not run, or came back");
}
