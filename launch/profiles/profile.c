/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The table of profiles, and what several of them share: QEMU's words for the consoles, the disk
 * and the log. The profiles and the harness call it. It must never start a guest: the harness does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/control.h"
#include "abi/q35.h"
#include "launch/profiles/profile.h"

#define MUCH_MEM 8192u /* MiB */

static const struct profile *const profiles[] = {&profile_native, &profile_plain, &profile_snp,
						 &profile_tdx};

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
		if (strcmp(profiles[i]->name, name) == 0)
			return profiles[i];
	return NULL;
}

char *profile_missing(const struct profile *p, const char *qemu)
{
	struct checks c = {0};
	char *why;

	if (!p->checks)
		return p->missing(qemu);
	p->checks(qemu, &c);
	why = checks_missing(&c, p->name);
	checks_free(&c);
	return why;
}

char *profile_value(const char *value)
{
	char *out = mem_alloc(2 * strlen(value) + 1), *p = out;

	for (; *value; value++) {
		*p++ = *value;
		if (*value == ',')
			*p++ = ',';
	}
	return out;
}

void profile_option(struct strlist *argv, const char *option, const char *before, const char *value)
{
	char *safe = profile_value(value);

	strlist_add(argv, option);
	strlist_addf(argv, "%s%s", before, safe);
	free(safe);
}

void profile_chardev(struct strlist *argv, const char *kind, const char *id, const char *path)
{
	char *before = str("%s,id=%s,path=", kind, id);

	profile_option(argv, "-chardev", before, path);
	free(before);
}

/* A machine that is loaded has written the beginning of its logs before. */
static const char *log_file(const struct launch *l)
{
	return l->state ? "file,append=on" : "file";
}

void profile_debugcon(const struct launch *l, struct strlist *argv, const char *id, unsigned port,
		      const char *path)
{
	profile_chardev(argv, log_file(l), id, path);
	strlist_add(argv, "-device");
	strlist_addf(argv, "isa-debugcon,iobase=0x%x,chardev=%s", port, id);
}

/* COM1: into a file, or through FIFOs and into the file. */
static void console(const struct launch *l, struct strlist *argv)
{
	char *log = profile_value(l->console_log);
	char *fifos = l->console ? profile_value(l->console) : NULL;

	strlist_add(argv, "-chardev");
	if (fifos)
		strlist_addf(argv, "pipe,id=con,path=%s,logfile=%s%s", fifos, log,
			     l->state ? ",logappend=on" : "");
	else
		strlist_addf(argv, "%s,id=con,path=%s", log_file(l), log);
	strlist_add(argv, "-serial");
	strlist_add(argv, "chardev:con");
	free(log);
	free(fifos);
}

/* QEMU gives a virtio device without iommu_platform all of memory, whatever IOMMU there is. */
static void virtio(struct strlist *argv, const char *device)
{
	strlist_add(argv, "-device");
	strlist_addf(argv, "virtio-%s,disable-legacy=on,iommu_platform=on", device);
}

/* Of a disk that the machine serves itself: what it has no answer to is not offered. */
#define SIMPLE_DISK                                                                                \
	",event_idx=off,indirect_desc=off,discard=off,write-zeroes=off,config-wce=off,ioeventfd="  \
	"off"

/*
 * QEMU takes what stands before a colon for a protocol, unless a slash comes first. One queue: QEMU
 * would make one for each of its CPUs, of which native has more than the guest. Where the machine
 * serves the disk, QEMU is not to write to the file, whatever a guest does, nor to look at the
 * queue at a moment of its own, as it does when a driver is ready (ioeventfd).
 */
static void disk(const struct launch *l, struct strlist *argv)
{
	char *path = str("%s%s", *l->disk == '/' ? "" : "./", l->disk), *device;

	profile_option(argv, "-drive",
		       l->deterministic ? "if=none,id=disk0,format=raw,snapshot=on,file="
					: "if=none,id=disk0,format=raw,file=",
		       path);
	device = str("blk-pci,drive=disk0,num-queues=1%s", l->deterministic ? SIMPLE_DISK : "");
	virtio(argv, device);
	free(device);
	free(path);
}

/*
 * The control port where Linux has a driver for it: a write is one exit, not one a byte. Behind the
 * disk, whose place on the bus it must not change. Two ports are the least: number 0 is for
 * consoles. QEMU keeps ioeventfd on, without which a notification costs five times as much.
 */
static void vport(const struct launch *l, struct strlist *argv)
{
	profile_chardev(argv, "pipe", "vctl", l->vport);
	virtio(argv, "serial-pci,max_ports=2");
	strlist_add(argv, "-device");
	strlist_add(argv, "virtserialport,chardev=vctl,name=" CONTROL_VPORT);
}

/* A pipe takes frames both ways. A file only takes what the target sends, always and at once. */
static void control(const struct launch *l, struct strlist *argv)
{
	char *file = str("%s.out", l->control);

	if (l->deterministic)
		profile_chardev(argv, "file", "ctl", file);
	else
		profile_chardev(argv, "pipe", "ctl", l->control);
	free(file);
}

static void accelerator(const struct launch *l, struct strlist *argv)
{
	strlist_add(argv, "-accel");
	if (l->icount < 0) {
		strlist_add(argv, "tcg,thread=multi");
		return;
	}
	strlist_add(argv, "tcg,thread=single");
	strlist_add(argv, "-icount");
	strlist_addf(argv, "shift=%d,sleep=off", l->icount);
}

unsigned profile_below_4g(const struct launch *l)
{
	unsigned most = l->mem >= 2816 ? 2048 : 2816;

	if (l->mem_below_4g && l->mem_below_4g < most)
		most = l->mem_below_4g;
	return l->mem < most ? l->mem : most;
}

/* A word of -machine, or none where QEMU's rule would not put more there. */
static const char *most_below_4g(const struct launch *l)
{
	static char word[40];

	if (!l->mem_below_4g || l->mem <= l->mem_below_4g)
		return "";
	snprintf(word, sizeof(word), ",max-ram-below-4g=%uM", l->mem_below_4g);
	return word;
}

/*
 * No guest uses SATA and SMBus. Much RAM is not reserved, or a host that has less would not even
 * start: a guest touches what it uses.
 */
static void machine(const struct launch *l, struct strlist *argv)
{
	bool much = l->mem > MUCH_MEM;

	strlist_add(argv, "-machine");
	strlist_addf(argv, "q35,sata=off,smbus=off%s%s", most_below_4g(l),
		     much ? ",memory-backend=ram0" : "");
	if (!much)
		return;
	strlist_add(argv, "-object");
	strlist_addf(argv, "memory-backend-ram,id=ram0,size=%uM,reserve=off", l->mem);
}

void profile_tcg(const struct launch *l, const char *name, const char *less, unsigned cpus,
		 struct strlist *argv)
{
	strlist_add(argv, l->qemu);
	profile_option(argv, "-name", name, l->name);
	machine(l, argv);
	accelerator(l, argv);
	strlist_add(argv, "-cpu");
	strlist_addf(argv, "max,family=25,model=1,stepping=1,phys-bits=48%s", less);
	strlist_add(argv, "-smp");
	strlist_addf(argv, "%u", cpus);
}

/* SeaBIOS takes a port that reads 0xe9 for its own log, and this may be the SVSM's. */
static void debug_port(const struct launch *l, struct strlist *argv)
{
	if (l->no_debug_port)
		return;
	profile_chardev(argv, log_file(l), l->debug_log ? "debug" : "svsm",
			l->debug_log ? l->debug_log : l->svsm_log);
	strlist_add(argv, "-device");
	strlist_addf(argv, "isa-debugcon,iobase=0x%x,%s", Q35_DEBUGCON_PORT,
		     l->debug_log ? "chardev=debug" : "readback=0,chardev=svsm");
}

/* The SVSM polls it. The interrupt is one that no other device of a q35 has, as those of the
 * machine's own ports (native.c). */
static void channel(const struct launch *l, struct strlist *argv)
{
	if (!l->channel)
		return;
	profile_chardev(argv, "pipe", "channel", l->channel);
	strlist_add(argv, "-device");
	strlist_addf(argv, "isa-serial,iobase=0x%x,irq=5,chardev=channel", Q35_CHANNEL_PORT);
}

void profile_common(const struct launch *l, struct strlist *argv)
{
	/* Above all no VGA: with an IGVM file guests fail while they start one (QEMU 10.1 to
	 * 11.0). */
	strlist_add(argv, "-nodefaults");
	strlist_add(argv, "-no-reboot");
	strlist_add(argv, "-display");
	strlist_add(argv, "none");
	strlist_add(argv, "-m");
	strlist_addf(argv, "%uM", l->mem);
	console(l, argv);
	control(l, argv);
	strlist_add(argv, "-serial");
	strlist_add(argv, "chardev:ctl");
	debug_port(l, argv);
	channel(l, argv);
	strlist_add(argv, "-chardev");
	strlist_addf(argv, "socket,id=qmp,fd=%d", l->qmp_fd);
	strlist_add(argv, "-mon");
	strlist_add(argv, "chardev=qmp,mode=control");
	if (l->disk)
		disk(l, argv);
	if (l->vport)
		vport(l, argv);
	if (l->device) {
		strlist_add(argv, "-device");
		strlist_add(argv, l->device);
	}
	/* A guest's kernel tells it of a panic, QEMU tells the harness, and the guest goes on: it
	 * still prints its trace. 3: panic and crash kernel, but not the power off of newer ones.
	 */
	strlist_add(argv, "-device");
	strlist_add(argv, "pvpanic-pci,events=3");
	strlist_add(argv, "-action");
	strlist_add(argv, "panic=none");
}

void profile_kernel(struct strlist *argv, const char *kernel, const char *initrd,
		    const char *cmdline)
{
	if (!kernel)
		return;
	strlist_add(argv, "-kernel");
	strlist_add(argv, kernel);
	if (initrd) {
		strlist_add(argv, "-initrd");
		strlist_add(argv, initrd);
	}
	if (cmdline) {
		strlist_add(argv, "-append");
		strlist_add(argv, cmdline);
	}
}

/* The RAM is not reserved: beside it a guest of this kind has private memory of the same size, and
 * shared pages are few. */
void profile_igvm(const struct launch *l, const char *machine, const char *cpu,
		  struct strlist *argv)
{
	strlist_add(argv, l->qemu);
	profile_option(argv, "-name", "keelson-", l->name);
	strlist_add(argv, "-machine");
	strlist_addf(argv, "q35,%s,memory-backend=ram0,igvm-cfg=igvm0%s", machine,
		     most_below_4g(l));
	strlist_add(argv, "-accel");
	strlist_add(argv, "kvm");
	strlist_add(argv, "-cpu");
	strlist_add(argv, cpu);
	strlist_add(argv, "-smp");
	strlist_addf(argv, "%u", l->smp + l->service_cpus);
	strlist_add(argv, "-object");
	strlist_addf(argv,
		     "memory-backend-memfd,id=ram0,size=%uM,share=true,prealloc=false,"
		     "reserve=false",
		     l->mem);
	profile_option(argv, "-object", "igvm-cfg,id=igvm0,file=", l->igvm);
	profile_common(l, argv);
	profile_kernel(argv, l->guest_kernel, l->guest_initrd, l->guest_cmdline);
}
