/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Copyright (c) 2026 The Keelson Authors */
#ifndef KEELSON_IOCTL_H
#define KEELSON_IOCTL_H

/* /dev/keelson-svsm: raw SVSM calls from Linux user space, for tests. */
#include <linux/ioctl.h>
#include <linux/types.h>

/* One call on one vCPU. In: registers as the guest would set them. Out: as the SVSM left them. */
struct keelson_call {
	__u64 rax, rcx, rdx, r8, r9;
	__u32 cpu;     /* Linux CPU number */
	__u32 pending; /* in: value for CAA byte 0 (normally 1); out: what it holds afterwards */
	__u64 hv;      /* out: bits 63:32 of the hypervisor's RUN_VMPL response, 0 = it ran */
};

/* The same call again and again without leaving the kernel, so that the CPU spends its time in it. */
struct keelson_repeat {
	struct keelson_call call; /* in: as above; out: the first call that came out differently, else the last */
	__u32 times;	 /* in: at most KEELSON_REPEAT_MAX */
	__u32 different; /* out: calls that came out otherwise than the first one */
};
#define KEELSON_REPEAT_MAX 10000

/* The test page: read() and write() at offsets 0..4095 reach it; the SVSM may be given its address. */
struct keelson_page {
	__u64 gpa;
	__u64 caa_gpa; /* calling area of the CPU that asks */
};

/* The bus has a device for each protocol below this number that the SVSM offers. */
#define KEELSON_PROTOCOLS 32

/* The calling area of a CPU, as it lies there between two calls. */
struct keelson_caa {
	__u32 cpu; /* in: Linux CPU number */
	__u32 rsvd;
	__u64 gpa; /* out: where it is */
	__u8 bytes[4096];
};

/* Pages of the kernel's that become shared and private again, on one CPU, as a driver's buffers do. */
struct keelson_share {
	__u32 cpu;   /* in: Linux CPU number */
	__u32 pages; /* in: at once, at most KEELSON_SHARE_MAX */
	__u32 times; /* in: how often, at most 100 */
	__u32 done;  /* out: rounds after which the pages, private again, held what was written */
};
#define KEELSON_SHARE_MAX 512

/*
 * /dev/keelson-edu: DMA of QEMU's device edu to one page and from it, each way KEELSON_DMA_BYTES. coherent: the
 * page is one of dma_alloc_coherent(), else it is a kernel page, whose physical address the device gets.
 */
struct keelson_dma {
	__u32 coherent; /* in */
	__u32 written;	/* out: bytes that the device has changed in the page */
	__u32 read;	/* out: bytes of the page that came out of the device */
	__u32 rsvd;
	__u64 address;	/* out: what the device was given */
};
#define KEELSON_DMA_BYTES 4088

#define KEELSON_CALL   _IOWR('K', 1, struct keelson_call)
#define KEELSON_PAGE   _IOR('K', 2, struct keelson_page)
#define KEELSON_CAA    _IOWR('K', 3, struct keelson_caa)
#define KEELSON_REPEAT _IOWR('K', 4, struct keelson_repeat)
#define KEELSON_DMA    _IOWR('K', 5, struct keelson_dma)
#define KEELSON_SHARE  _IOWR('K', 6, struct keelson_share)

#endif
