// SPDX-License-Identifier: GPL-2.0
/* Copyright (c) 2026 The Keelson Authors */
/* The bus: a device for each protocol that the SVSM's QUERY_PROTOCOL offers in version 1. */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "keelson_ioctl.h"
#include "svsm.h"

static struct device *bus_root;

static ssize_t protocol_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_svsm_bus_device(dev)->protocol);
}
static DEVICE_ATTR_RO(protocol);

static ssize_t min_version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_svsm_bus_device(dev)->min);
}
static DEVICE_ATTR_RO(min_version);

static ssize_t max_version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_svsm_bus_device(dev)->max);
}
static DEVICE_ATTR_RO(max_version);

static struct attribute *device_attrs[] = {
	&dev_attr_protocol.attr,
	&dev_attr_min_version.attr,
	&dev_attr_max_version.attr,
	NULL,
};
ATTRIBUTE_GROUPS(device);

static int bus_match(struct device *dev, const struct device_driver *drv)
{
	return to_svsm_bus_device(dev)->protocol == to_svsm_bus_driver(drv)->protocol;
}

static int bus_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	return add_uevent_var(env, "MODALIAS=svsm:%u", to_svsm_bus_device(dev)->protocol);
}

static int bus_probe(struct device *dev)
{
	return to_svsm_bus_driver(dev->driver)->probe(to_svsm_bus_device(dev));
}

static void bus_remove(struct device *dev)
{
	struct svsm_bus_driver *drv = to_svsm_bus_driver(dev->driver);

	if (drv->remove)
		drv->remove(to_svsm_bus_device(dev));
}

static const struct bus_type svsm_bus = {
	.name = "svsm",
	.dev_groups = device_groups,
	.match = bus_match,
	.uevent = bus_uevent,
	.probe = bus_probe,
	.remove = bus_remove,
};

static void device_release(struct device *dev)
{
	kfree(to_svsm_bus_device(dev));
}

static int device_add_protocol(u32 protocol, u32 min, u32 max)
{
	struct svsm_bus_device *sdev = kzalloc(sizeof(*sdev), GFP_KERNEL);
	int rc;

	if (!sdev)
		return -ENOMEM;
	sdev->protocol = protocol;
	sdev->min = min;
	sdev->max = max;
	sdev->dev.bus = &svsm_bus;
	sdev->dev.parent = bus_root;
	sdev->dev.release = device_release;
	rc = dev_set_name(&sdev->dev, "svsm0:%u", protocol);
	if (rc) {
		kfree(sdev);
		return rc;
	}
	rc = device_register(&sdev->dev);
	if (rc)
		put_device(&sdev->dev);
	return rc;
}

/* RCX in: protocol and version; out: its highest and lowest version, 0: it is not offered. */
static int query_and_add(u32 protocol)
{
	struct svsm_bus_call call = {
		.rax = SVSM_BUS_CALL(SVSM_BUS_CORE, SVSM_BUS_CORE_QUERY_PROTOCOL),
		.rcx = (u64)protocol << 32 | 1,
	};
	int rc = svsm_bus_call(&call);

	if (rc || !call.rcx)
		return rc;
	return device_add_protocol(protocol, lower_32_bits(call.rcx), upper_32_bits(call.rcx));
}

static int device_drop(struct device *dev, void *unused)
{
	device_unregister(dev);
	return 0;
}

void svsm_bus_stop(void)
{
	device_for_each_child(bus_root, NULL, device_drop);
	root_device_unregister(bus_root);
	bus_unregister(&svsm_bus);
}

int svsm_bus_start(void)
{
	u32 protocol;
	int rc = bus_register(&svsm_bus);

	if (rc)
		return rc;
	bus_root = root_device_register("svsm0");
	if (IS_ERR(bus_root)) {
		bus_unregister(&svsm_bus);
		return PTR_ERR(bus_root);
	}
	for (protocol = 0; !rc && protocol < KEELSON_PROTOCOLS; protocol++)
		rc = query_and_add(protocol);
	if (rc)
		svsm_bus_stop();
	return rc;
}

int svsm_bus_driver_register(struct svsm_bus_driver *drv)
{
	drv->driver.bus = &svsm_bus;
	drv->driver.owner = THIS_MODULE;
	return driver_register(&drv->driver);
}

void svsm_bus_driver_unregister(struct svsm_bus_driver *drv)
{
	driver_unregister(&drv->driver);
}
