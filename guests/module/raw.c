// SPDX-License-Identifier: GPL-2.0
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Raw SVSM calls for test programs: /dev/keelson-svsm (keelson_ioctl.h), bound to the core protocol's
 * device. It cannot be unbound by hand, so its page lives while a file is open: that holds the module.
 */
#include <linux/cpu.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "keelson_ioctl.h"
#include "svsm.h"

static DEFINE_MUTEX(test_page_lock);
static void *test_page;

static long call_here(void *arg)
{
	struct keelson_call *user = arg;
	struct svsm_bus_trace trace = { .pending = user->pending };
	struct svsm_bus_call call = {
		.rax = user->rax,
		.rcx = user->rcx,
		.rdx = user->rdx,
		.r8 = user->r8,
		.r9 = user->r9,
	};
	int rc = svsm_bus_call_raw(&call, &trace);

	if (rc && rc != -EIO) /* an attempt that came to nothing is an outcome */
		return rc;
	user->rax = call.rax;
	user->rcx = call.rcx;
	user->rdx = call.rdx;
	user->r8 = call.r8;
	user->r9 = call.r9;
	user->pending = trace.pending;
	user->hv = trace.hv;
	return 0;
}

static long repeat_here(void *arg)
{
	struct keelson_repeat *user = arg;
	const struct keelson_call in = user->call;
	struct keelson_call first, now;
	u32 i;
	int rc;

	for (i = 0; i < user->times; i++) {
		now = in;
		rc = call_here(&now);
		if (rc)
			return rc;
		if (!i)
			first = now;
		if (memcmp(&now, &first, sizeof(now)) && !user->different++)
			user->call = now;
		cond_resched();
	}
	if (!user->different)
		user->call = now;
	return 0;
}

static long read_caa_here(void *arg)
{
	struct keelson_caa *caa = arg;

	caa->gpa = svsm_bus_caa();
	return svsm_bus_caa_read(caa->bytes);
}

/* As work_on_cpu(), with the CPU kept online; -EINVAL when it is not. */
static long on_cpu(u32 cpu, long (*fn)(void *), void *arg)
{
	long rc = -EINVAL;

	cpus_read_lock();
	if (cpu < nr_cpu_ids && cpu_online(cpu))
		rc = work_on_cpu(cpu, fn, arg);
	cpus_read_unlock();
	return rc;
}

static long ioctl_call(struct keelson_call __user *user)
{
	struct keelson_call call;
	long rc;

	if (copy_from_user(&call, user, sizeof(call)))
		return -EFAULT;
	if (call.pending > 1)
		return -EINVAL;
	rc = on_cpu(call.cpu, call_here, &call);
	if (rc)
		return rc;
	return copy_to_user(user, &call, sizeof(call)) ? -EFAULT : 0;
}

static long ioctl_repeat(struct keelson_repeat __user *user)
{
	struct keelson_repeat repeat;
	long rc;

	if (copy_from_user(&repeat, user, sizeof(repeat)))
		return -EFAULT;
	if (repeat.call.pending > 1)
		return -EINVAL;
	if (!repeat.times || repeat.times > KEELSON_REPEAT_MAX)
		return -EINVAL;
	repeat.different = 0;
	rc = on_cpu(repeat.call.cpu, repeat_here, &repeat);
	if (rc)
		return rc;
	return copy_to_user(user, &repeat, sizeof(repeat)) ? -EFAULT : 0;
}

static long ioctl_caa(struct keelson_caa __user *user)
{
	struct keelson_caa *caa = kzalloc(sizeof(*caa), GFP_KERNEL);
	long rc = -EFAULT;

	if (!caa)
		return -ENOMEM;
	if (!get_user(caa->cpu, &user->cpu))
		rc = on_cpu(caa->cpu, read_caa_here, caa);
	if (!rc && copy_to_user(user, caa, sizeof(*caa)))
		rc = -EFAULT;
	kfree(caa);
	return rc;
}

static long ioctl_page(struct keelson_page __user *user)
{
	struct keelson_page info = {
		.gpa = virt_to_phys(test_page),
		.caa_gpa = svsm_bus_caa(),
	};

	return copy_to_user(user, &info, sizeof(info)) ? -EFAULT : 0;
}

static long raw_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case KEELSON_CALL:
		return ioctl_call((void __user *)arg);
	case KEELSON_REPEAT:
		return ioctl_repeat((void __user *)arg);
	case KEELSON_PAGE:
		return ioctl_page((void __user *)arg);
	case KEELSON_CAA:
		return ioctl_caa((void __user *)arg);
	case KEELSON_SHARE:
		return svsm_bus_share((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static ssize_t raw_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	ssize_t n;

	mutex_lock(&test_page_lock);
	n = simple_read_from_buffer(buf, len, pos, test_page, PAGE_SIZE);
	mutex_unlock(&test_page_lock);
	return n;
}

static ssize_t raw_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	ssize_t n;

	mutex_lock(&test_page_lock);
	n = simple_write_to_buffer(test_page, PAGE_SIZE, pos, buf, len);
	mutex_unlock(&test_page_lock);
	return n;
}

static const struct file_operations raw_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = raw_ioctl,
	.read = raw_read,
	.write = raw_write,
	.llseek = default_llseek,
};

static struct miscdevice raw_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "keelson-svsm",
	.fops = &raw_fops,
	.mode = 0600,
};

static int raw_probe(struct svsm_bus_device *sdev)
{
	int rc;

	test_page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!test_page)
		return -ENOMEM;
	raw_misc.parent = &sdev->dev;
	rc = misc_register(&raw_misc);
	if (rc)
		free_page((unsigned long)test_page);
	return rc;
}

static void raw_remove(struct svsm_bus_device *sdev)
{
	misc_deregister(&raw_misc);
	free_page((unsigned long)test_page);
}

struct svsm_bus_driver svsm_bus_raw = {
	.driver = {
		.name = "keelson-raw",
		.suppress_bind_attrs = true,
	},
	.protocol = SVSM_BUS_CORE,
	.probe = raw_probe,
	.remove = raw_remove,
};
