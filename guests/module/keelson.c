// SPDX-License-Identifier: GPL-2.0
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Raw SVSM calls for test programs, on kernels whose own SVSM functions are not exported. The calling
 * area is the kernel's; its address comes from MSR 0xC001F000 (SVSM 58019, section 4), and its page is
 * left as it was found. The call goes out by the GHCB MSR protocol, so no GHCB page is touched.
 */
#include <linux/cc_platform.h>
#include <linux/cpu.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <asm/msr.h>

#include "keelson_ioctl.h"

#define MSR_GHCB	 0xc0010130
#define MSR_SVSM_CAA	 0xc001f000
#define GHCB_RUN_VMPL	 0x016
#define GHCB_RUN_VMPL_OK 0x017

static DEFINE_MUTEX(test_page_lock);
static void *test_page;

/* Runs on the chosen CPU; interrupts are off while the CAA and the GHCB MSR are ours. */
static long call_here(void *arg)
{
	struct keelson_call *call = arg;
	unsigned long flags;
	u64 ghcb, pa, resp;
	u8 *caa;

	register u64 r8 asm("r8");
	register u64 r9 asm("r9");
	u64 rax = call->rax, rcx = call->rcx, rdx = call->rdx;

	rdmsrl(MSR_SVSM_CAA, pa);
	caa = memremap(pa, PAGE_SIZE, MEMREMAP_WB | MEMREMAP_ENC);
	if (!caa)
		return -ENOMEM;
	local_irq_save(flags);
	rdmsrl(MSR_GHCB, ghcb);
	WRITE_ONCE(caa[0], call->pending);
	native_wrmsr(MSR_GHCB, GHCB_RUN_VMPL, 0); /* VMPL0 in bits 39:32 */
	r8 = call->r8;
	r9 = call->r9;
	asm volatile("rep; vmmcall"
		     : "+a"(rax), "+c"(rcx), "+d"(rdx), "+r"(r8), "+r"(r9)
		     :
		     : "memory");
	call->r8 = r8;
	call->r9 = r9;
	rdmsrl(MSR_GHCB, resp);
	native_wrmsr(MSR_GHCB, (u32)ghcb, (u32)(ghcb >> 32));
	call->pending = xchg(&caa[0], 0);
	local_irq_restore(flags);
	call->rax = rax;
	call->rcx = rcx;
	call->rdx = rdx;
	call->hv = (resp & 0xfff) == GHCB_RUN_VMPL_OK ? resp >> 32 : ~0ull;
	memunmap(caa);
	return 0;
}

static long call_on(struct keelson_call __user *user)
{
	struct keelson_call call;
	long rc;

	if (copy_from_user(&call, user, sizeof(call)))
		return -EFAULT;
	if (call.pending > 1 || call.cpu >= nr_cpu_ids || !cpu_online(call.cpu))
		return -EINVAL;
	rc = work_on_cpu(call.cpu, call_here, &call);
	if (rc)
		return rc;
	return copy_to_user(user, &call, sizeof(call)) ? -EFAULT : 0;
}

static long page_info(struct keelson_page __user *user)
{
	struct keelson_page info = {.gpa = virt_to_phys(test_page)};

	rdmsrl(MSR_SVSM_CAA, info.caa_gpa);
	return copy_to_user(user, &info, sizeof(info)) ? -EFAULT : 0;
}

static long keelson_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case KEELSON_CALL:
		return call_on((void __user *)arg);
	case KEELSON_PAGE:
		return page_info((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static ssize_t keelson_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	ssize_t n;

	mutex_lock(&test_page_lock);
	n = simple_read_from_buffer(buf, len, pos, test_page, PAGE_SIZE);
	mutex_unlock(&test_page_lock);
	return n;
}

static ssize_t keelson_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	ssize_t n;

	mutex_lock(&test_page_lock);
	n = simple_write_to_buffer(test_page, PAGE_SIZE, pos, buf, len);
	mutex_unlock(&test_page_lock);
	return n;
}

static const struct file_operations keelson_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = keelson_ioctl,
	.read = keelson_read,
	.write = keelson_write,
	.llseek = default_llseek,
};

static struct miscdevice keelson_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "keelson-svsm",
	.fops = &keelson_fops,
	.mode = 0600,
};

/* Without an SVSM the MSR read faults or yields 0: then there is nobody to call. */
static int __init keelson_init(void)
{
	u64 pa = 0;
	int rc;

	if (!cc_platform_has(CC_ATTR_GUEST_SEV_SNP) || rdmsrl_safe(MSR_SVSM_CAA, &pa) || !pa) {
		pr_err("keelson: not an SEV-SNP guest under an SVSM\n");
		return -ENODEV;
	}
	test_page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!test_page)
		return -ENOMEM;
	rc = misc_register(&keelson_device);
	if (rc)
		free_page((unsigned long)test_page);
	return rc;
}

static void __exit keelson_exit(void)
{
	misc_deregister(&keelson_device);
	free_page((unsigned long)test_page);
}

module_init(keelson_init);
module_exit(keelson_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Raw SVSM calls for test programs");
