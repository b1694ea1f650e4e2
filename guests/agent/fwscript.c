/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * fw_cfg by its ports (QEMU, docs/specs/fw_cfg.rst), from user space: the kernel takes the #VC of
 * an IN as of its own, for ports that ioperm(2) allows. String instructions, since one of them is
 * one exit for a whole buffer.
 */
#include <string.h>
#include <sys/io.h>

#include "abi/machine.h"
#include "agent/agent.h"
#include "agent/fwscript.h"

#define PORT_SELECT   0x510
#define PORT_DATA     0x511
#define PORTS         2
#define KEY_DIRECTORY 0x19
#define FILES_MAX     512u /* more is no directory */

struct file {
	uint32_t size; /* big endian */
	uint16_t key;  /* the same */
	uint16_t reserved;
	char name[56];
} PACKED;

static bool is_asked_for(void)
{
	char cmdline[4096], *save = NULL;

	if (agent_read("/proc/cmdline", cmdline, sizeof(cmdline)) <= 0)
		return false;
	for (char *w = strtok_r(cmdline, " ", &save); w; w = strtok_r(NULL, " ", &save))
		if (strcmp(w, "keelson.script") == 0)
			return true;
	return false;
}

static void choose(uint16_t key)
{
	outw(key, PORT_SELECT);
}

/*
 * What comes next of the chosen item. The memory is touched first: the kernel asks the machine
 * before it writes, so an instruction that is begun again after a page fault would get what comes
 * behind.
 */
static void next(void *to, size_t n)
{
	memset(to, ' ', n);
	__asm__ volatile("rep insb" : "+D"(to), "+c"(n) : "d"((uint16_t)PORT_DATA) : "memory");
}

static bool find(const char *name, struct file *f)
{
	uint32_t count;

	choose(KEY_DIRECTORY);
	next(&count, sizeof(count));
	count = MIN(__builtin_bswap32(count), FILES_MAX);
	while (count--) {
		next(f, sizeof(*f));
		if (strncmp(f->name, name, sizeof(f->name)) == 0)
			return true;
	}
	return false;
}

bool fwscript_find(struct script *s)
{
	static char text[SCRIPT_MAX];
	struct file f;
	size_t n;

	if (!is_asked_for())
		return true;
	if (ioperm(PORT_SELECT, PORTS, 1) != 0 || !find(MACHINE_FW_SCRIPT, &f))
		return false;
	n = MIN((size_t)__builtin_bswap32(f.size), sizeof(text) - 1);
	choose(__builtin_bswap16(f.key));
	next(text, n);
	text[n] = 0;
	ioperm(PORT_SELECT, PORTS, 0);
	script_open(s, text);
	return true;
}
