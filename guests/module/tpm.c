// SPDX-License-Identifier: GPL-2.0
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The vTPM protocol as a TPM chip (58019, section 8), for kernels without upstream's tpm_svsm.
 *
 * A long command is answered TPM_RC_RETRY until it is done, and the identical bytes collect the answer.
 * The TPM core would ask eight times within 2.5 seconds; send() here asks again by itself after short sleeps,
 * on whichever CPU it then runs, for as long as the patience below, and holds nothing but the chip, which
 * the core gives to one command at a time. It can be killed, and the command goes on in the SVSM; unless
 * the answer will name a new object, or the command flushes one: nobody else would ever flush that, and a
 * TPM has room for three.
 *
 * An open /dev/tpm0 does not hold this module: the TPM core takes the operations away under its own
 * lock, after the command that is under way, and the open file gets EPIPE from then on.
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/tpm.h>
#include <linux/unaligned.h>

#include "svsm.h"

/* Exported by the TPM core, declared in a header of its own that distributions do not install. */
struct tpm_chip *tpmm_chip_alloc(struct device *pdev, const struct tpm_class_ops *ops);
int tpm_chip_register(struct tpm_chip *chip);
void tpm_chip_unregister(struct tpm_chip *chip);
int tpm2_probe(struct tpm_chip *chip);

#define VTPM_LOCALITY		0

#define VTPM_PATIENCE		(300 * HZ)
#define VTPM_SLEEP_MIN_US	500
#define VTPM_SLEEP_MAX_US	8000

/* 58019, table 16: little endian, in a page of its own; table 17 has the answer in the same place. */
struct vtpm_request {
	__le32 command;
	u8 locality;
	__le32 len;
	u8 data[PAGE_SIZE - 9];
} __packed;
static_assert(sizeof(struct vtpm_request) == PAGE_SIZE);

struct vtpm_response {
	__le32 len;
	u8 data[PAGE_SIZE - 4];
} __packed;
static_assert(sizeof(struct vtpm_response) == PAGE_SIZE);

union vtpm_page {
	struct vtpm_request request;
	struct vtpm_response response;
};

struct vtpm {
	union vtpm_page *page;
	size_t len; /* of the response that lies there; 0: none */
};

/* One attempt. Return: the response's length, or -EAGAIN, -EIO, ... */
static int vtpm_exchange(struct vtpm *vtpm, const u8 *buf, size_t len)
{
	struct svsm_bus_call call = {
		.rax = SVSM_BUS_CALL(SVSM_BUS_VTPM, SVSM_BUS_VTPM_COMMAND),
		.rcx = virt_to_phys(vtpm->page),
	};
	struct vtpm_request *request = &vtpm->page->request;
	u32 got;
	int rc;

	request->command = cpu_to_le32(SVSM_BUS_VTPM_SEND_COMMAND);
	request->locality = VTPM_LOCALITY;
	request->len = cpu_to_le32(len);
	memcpy(request->data, buf, len);
	rc = svsm_bus_call(&call);
	if (rc)
		return rc;
	got = le32_to_cpu(vtpm->page->response.len);
	if (got < TPM_HEADER_SIZE || got > sizeof(vtpm->page->response.data))
		return -EIO;
	return got;
}

static bool vtpm_says_retry(const struct vtpm *vtpm, int len)
{
	const struct tpm_header *head = (const void *)vtpm->page->response.data;

	return len == TPM_HEADER_SIZE && get_unaligned_be32(&head->return_code) == TPM2_RC_RETRY;
}

/*
 * Sleeps grow from 0.5 to 10 ms: short commands come back soon, long ones are not asked for much. Not longer,
 * because an SVSM without a CPU to spare holds a call for as long as its client has slept.
 */
static unsigned int vtpm_sleep(unsigned int us)
{
	usleep_range(us, us + us / 4);
	return min(us + us / 4, VTPM_SLEEP_MAX_US);
}

/*
 * Does the command answer with a handle, or give one back? Then nobody else will see to it: the core flushes
 * what it had loaded for a process, after an error, on that process's behalf. It has the TPM's own word on who
 * answers with a handle, from bootstrap on.
 */
static bool vtpm_must_end(const struct tpm_chip *chip, const u8 *buf)
{
	const u32 code = get_unaligned_be32(&((const struct tpm_header *)buf)->ordinal);
	u32 i;

	if (code == TPM2_CC_FLUSH_CONTEXT)
		return true;
	for (i = 0; chip->cc_attrs_tbl && i < chip->nr_commands; i++)
		if ((chip->cc_attrs_tbl[i] & GENMASK(15, 0)) == code)
			return chip->cc_attrs_tbl[i] & BIT(TPM2_CC_ATTR_RHANDLE);
	return false;
}

static int vtpm_transmit(struct tpm_chip *chip, const u8 *buf, size_t len)
{
	struct vtpm *vtpm = dev_get_drvdata(&chip->dev);
	const unsigned long end = jiffies + VTPM_PATIENCE;
	unsigned int us = VTPM_SLEEP_MIN_US;
	int rc;

	vtpm->len = 0;
	if (len > sizeof(vtpm->page->request.data))
		return -E2BIG;
	for (;;) {
		rc = vtpm_exchange(vtpm, buf, len);
		if (rc != -EAGAIN && !vtpm_says_retry(vtpm, rc))
			break;
		if (fatal_signal_pending(current) && !vtpm_must_end(chip, buf))
			return -EINTR;
		if (time_after(jiffies, end))
			return -ETIME;
		us = vtpm_sleep(us);
	}
	if (rc < 0)
		return rc;
	vtpm->len = rc;
	return 0;
}

#if TPM_SEND_KNOWS_SIZE
static int vtpm_send(struct tpm_chip *chip, u8 *buf, size_t size, size_t len)
#else
static int vtpm_send(struct tpm_chip *chip, u8 *buf, size_t len)
#endif
{
	return vtpm_transmit(chip, buf, len);
}

static int vtpm_recv(struct tpm_chip *chip, u8 *buf, size_t size)
{
	struct vtpm *vtpm = dev_get_drvdata(&chip->dev);
	size_t len = vtpm->len;

	vtpm->len = 0;
	if (!len || len > size)
		return -EIO;
	memcpy(buf, vtpm->page->response.data, len);
	return len;
}

/* send() comes back with the response, so it is always complete. */
static u8 vtpm_status(struct tpm_chip *chip)
{
	return 0;
}

static const struct tpm_class_ops vtpm_ops = {
	.flags = TPM_OPS_AUTO_STARTUP,
	.send = vtpm_send,
	.recv = vtpm_recv,
	.status = vtpm_status,
};

/*
 * A kernel that knows the protocol has a platform device for it. If upstream's driver is bound, or can be
 * loaded for it, the vTPM has its chip.
 */
static bool upstream_serves(void)
{
	struct device *dev = bus_find_device_by_name(&platform_bus_type, NULL, "tpm-svsm");
	bool bound;

	if (!dev)
		return false;
	request_module("platform:tpm-svsm");
	device_lock(dev);
	bound = dev->driver;
	device_unlock(dev);
	put_device(dev);
	return bound;
}

static bool commands_supported(void)
{
	struct svsm_bus_call call = { .rax = SVSM_BUS_CALL(SVSM_BUS_VTPM, SVSM_BUS_VTPM_QUERY) };

	return !svsm_bus_call(&call) && call.rcx & BIT(SVSM_BUS_VTPM_SEND_COMMAND);
}

static struct vtpm *vtpm_alloc(struct device *dev)
{
	struct vtpm *vtpm = devm_kzalloc(dev, sizeof(*vtpm), GFP_KERNEL);

	if (vtpm)
		vtpm->page = (void *)devm_get_free_pages(dev, GFP_KERNEL | __GFP_ZERO, 0);
	return vtpm && vtpm->page ? vtpm : NULL;
}

static int vtpm_probe(struct svsm_bus_device *sdev)
{
	struct device *dev = &sdev->dev;
	struct tpm_chip *chip;
	struct vtpm *vtpm;
	int rc;

	if (upstream_serves()) {
		dev_info(dev, "the kernel's own driver serves this vTPM: left to it\n");
		return -ENODEV;
	}
	if (!commands_supported())
		return -ENODEV;
	vtpm = vtpm_alloc(dev);
	if (!vtpm)
		return -ENOMEM;
	chip = tpmm_chip_alloc(dev, &vtpm_ops);
	if (IS_ERR(chip))
		return PTR_ERR(chip);
	dev_set_drvdata(&chip->dev, vtpm);
	rc = tpm2_probe(chip);
	if (!rc)
		rc = tpm_chip_register(chip);
	if (rc)
		return rc;
	dev_info(dev, "SNP SVSM vTPM %s device\n", chip->flags & TPM_CHIP_FLAG_TPM2 ? "2.0" : "1.2");
	return 0;
}

/* tpmm_chip_alloc() made the chip this device's driver data. */
static void vtpm_remove(struct svsm_bus_device *sdev)
{
	tpm_chip_unregister(dev_get_drvdata(&sdev->dev));
}

struct svsm_bus_driver svsm_bus_tpm = {
	.driver = { .name = "keelson-tpm" },
	.protocol = SVSM_BUS_VTPM,
	.probe = vtpm_probe,
	.remove = vtpm_remove,
};
