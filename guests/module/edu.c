// SPDX-License-Identifier: GPL-2.0
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A driver for QEMU's device edu that does what a driver of an SNP guest must not do: it hands the
 * device the address of a kernel page, which is private. /dev/keelson-edu (keelson_ioctl.h) has it do
 * that, or what is right, and tells what came of it. Where there is no such device nothing is bound.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/uaccess.h>

#include "keelson_ioctl.h"
#include "svsm.h"

/* QEMU's docs/specs/edu */
#define EDU_SOURCE  0x80
#define EDU_TARGET  0x88
#define EDU_COUNT   0x90
#define EDU_COMMAND 0x98
#define EDU_RUN     BIT(0)
#define EDU_TO_RAM  BIT(1)
#define EDU_BUFFER  0x40000
#define EDU_DMA_BITS 40 /* as the suite gives it */

#define COPY_BYTES KEELSON_DMA_BYTES /* the buffer has 4096, the last of which QEMU 7.2 takes badly */
#define OURS	   0x11
#define PAGES	   0x22

static DEFINE_MUTEX(edu_lock);
static void __iomem *edu_regs;
static struct device *edu_dev;

/* 100 ms of the device's time. */
static int edu_copy(u64 from, u64 to, u32 direction)
{
	u32 busy;

	writeq(from, edu_regs + EDU_SOURCE);
	writeq(to, edu_regs + EDU_TARGET);
	writeq(COPY_BYTES, edu_regs + EDU_COUNT);
	writeq(EDU_RUN | direction, edu_regs + EDU_COMMAND);
	return readl_poll_timeout(edu_regs + EDU_COMMAND, busy, !(busy & EDU_RUN), 5000, 20000000);
}

static u32 count(const u8 *page, u8 value)
{
	u32 n = 0, i;

	for (i = 0; i < COPY_BYTES; i++)
		n += READ_ONCE(page[i]) == value;
	return n;
}

/* Window to device to page, then page to device to window. */
static int try_page(struct keelson_dma *dma, u8 *page, u8 *window, dma_addr_t window_dma)
{
	int rc;

	memset(page, PAGES, PAGE_SIZE);
	memset(window, OURS, PAGE_SIZE);
	rc = edu_copy(window_dma, EDU_BUFFER, 0);
	if (!rc)
		rc = edu_copy(EDU_BUFFER, dma->address, EDU_TO_RAM);
	dma->written = count(page, OURS);
	memset(page, PAGES, PAGE_SIZE);
	if (!rc)
		rc = edu_copy(dma->address, EDU_BUFFER, 0);
	if (!rc)
		rc = edu_copy(EDU_BUFFER, window_dma, EDU_TO_RAM);
	dma->read = count(window, PAGES);
	return rc;
}

/* The mistake: on a machine without SEV this very address would do. */
static int try_private(struct keelson_dma *dma, u8 *window, dma_addr_t window_dma)
{
	u8 *page = (u8 *)__get_free_page(GFP_KERNEL);
	int rc;

	if (!page)
		return -ENOMEM;
	dma->address = virt_to_phys(page);
	rc = try_page(dma, page, window, window_dma);
	free_page((unsigned long)page);
	return rc;
}

static int try_coherent(struct keelson_dma *dma, u8 *window, dma_addr_t window_dma)
{
	dma_addr_t address;
	u8 *page = dma_alloc_coherent(edu_dev, PAGE_SIZE, &address, GFP_KERNEL);
	int rc;

	if (!page)
		return -ENOMEM;
	dma->address = address;
	rc = try_page(dma, page, window, window_dma);
	dma_free_coherent(edu_dev, PAGE_SIZE, page, address);
	return rc;
}

static int edu_try(struct keelson_dma *dma)
{
	dma_addr_t window_dma;
	u8 *window = dma_alloc_coherent(edu_dev, PAGE_SIZE, &window_dma, GFP_KERNEL);
	int rc;

	if (!window)
		return -ENOMEM;
	if (dma->coherent)
		rc = try_coherent(dma, window, window_dma);
	else
		rc = try_private(dma, window, window_dma);
	dma_free_coherent(edu_dev, PAGE_SIZE, window, window_dma);
	return rc;
}

static long edu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct keelson_dma __user *user = (void __user *)arg;
	struct keelson_dma dma;
	int rc;

	if (cmd != KEELSON_DMA)
		return -ENOTTY;
	if (copy_from_user(&dma, user, sizeof(dma)))
		return -EFAULT;
	mutex_lock(&edu_lock);
	rc = edu_dev ? edu_try(&dma) : -ENODEV;
	mutex_unlock(&edu_lock);
	if (rc)
		return rc;
	return copy_to_user(user, &dma, sizeof(dma)) ? -EFAULT : 0;
}

static const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = edu_ioctl,
};

static struct miscdevice edu_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "keelson-edu",
	.fops = &edu_fops,
	.mode = 0600,
};

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int rc = edu_dev ? -EBUSY : pcim_enable_device(pdev); /* one is enough */

	if (rc)
		return rc;
	rc = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (rc)
		return rc;
	edu_regs = pcim_iomap(pdev, 0, 0);
	if (!edu_regs)
		return -ENOMEM;
	rc = misc_register(&edu_misc);
	if (rc)
		return rc;
	pci_set_master(pdev);
	edu_dev = &pdev->dev;
	return 0;
}

/* Somebody may have the file open still. */
static void edu_remove(struct pci_dev *pdev)
{
	misc_deregister(&edu_misc);
	mutex_lock(&edu_lock);
	edu_dev = NULL;
	mutex_unlock(&edu_lock);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{}
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = "keelson-edu",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};

int svsm_bus_edu_start(void)
{
	return pci_register_driver(&edu_driver);
}

void svsm_bus_edu_stop(void)
{
	pci_unregister_driver(&edu_driver);
}
