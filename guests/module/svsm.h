/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (c) 2026 The Keelson Authors */
#ifndef KEELSON_SVSM_H
#define KEELSON_SVSM_H

/* The SVSM bus: its devices are the protocols of the SVSM under which this kernel runs. */
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/types.h>
#include "svsm_numbers.h"

/**
 * struct svsm_bus_call - the registers of one call
 * @rax: in: protocol << 32 | call; out: result code
 * @rcx: first parameter, and so on; out: as the SVSM left them
 */
struct svsm_bus_call {
	u64 rax, rcx, rdx, r8, r9;
};

/**
 * struct svsm_bus_trace - what else a test may want to know of a call
 * @pending: call_pending of the calling area: in: what to set (normally 1); out: what the SVSM left
 * @hv: bits 63:32 of the hypervisor's answer, 0: it ran VMPL0; ~0: no answer to RUN_VMPL at all
 */
struct svsm_bus_trace {
	u8 pending;
	u32 hv;
};

/* ---- call.c ---- */

/* Before the first call, and after the last one. Return: 0 or an error; nothing is left then. */
int svsm_bus_calls_start(void);
void svsm_bus_calls_stop(void);

/* Guest physical address of this CPU's calling area; 0: there is no SVSM. Any context. */
u64 svsm_bus_caa(void);

/*
 * Copies this CPU's calling area; @page has PAGE_SIZE bytes. The caller stays on the CPU.
 * Return: 0, or -ENODEV.
 */
int svsm_bus_caa_read(void *page);

/*
 * One call on the CPU on which the caller happens to run, interrupts off meanwhile.
 * Return: 0: it was taken, @call holds the answer; -ENODEV: no calling area; -EBUSY: the area is in
 * use; -EIO: the SVSM did not take it. @trace may be NULL; with it, the outcome of -EIO is there too.
 */
int svsm_bus_call_raw(struct svsm_bus_call *call, struct svsm_bus_trace *trace);

/*
 * The same as its users want it: an SVSM's refusal is an error as well. -EAGAIN: call again later
 * (INCOMPLETE, BUSY); -EOPNOTSUPP: no such protocol or call; -EIO: all else.
 */
int svsm_bus_call(struct svsm_bus_call *call);

/* ---- bus.c ---- */

/* A protocol that the SVSM offers. Its name is "svsm0:" and the number. */
struct svsm_bus_device {
	struct device dev;
	u32 protocol;
	u32 min, max; /* versions */
};

struct svsm_bus_driver {
	struct device_driver driver;
	u32 protocol;
	int (*probe)(struct svsm_bus_device *sdev);
	void (*remove)(struct svsm_bus_device *sdev);
};

#define to_svsm_bus_device(d) container_of_const(d, struct svsm_bus_device, dev)
#define to_svsm_bus_driver(d) container_of_const(d, struct svsm_bus_driver, driver)

/* The bus with its devices, before or after the drivers. Return: 0 or an error; nothing is left then. */
int svsm_bus_start(void);
void svsm_bus_stop(void);
int svsm_bus_driver_register(struct svsm_bus_driver *drv);
void svsm_bus_driver_unregister(struct svsm_bus_driver *drv);

/* ---- edu.c: not on the bus. Return: 0 or an error ---- */
int svsm_bus_edu_start(void);
void svsm_bus_edu_stop(void);

/* ---- share.c: the ioctl KEELSON_SHARE. Return: 0 or an error ---- */
struct keelson_share;
long svsm_bus_share(struct keelson_share __user *user);

extern struct svsm_bus_driver svsm_bus_raw; /* raw.c */
extern struct svsm_bus_driver svsm_bus_tpm; /* tpm.c */

#endif
