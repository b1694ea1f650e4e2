// SPDX-License-Identifier: GPL-2.0
/* Copyright (c) 2026 The Keelson Authors */
/* The SVSM bus for Linux: the bus, then its drivers. */
#include <linux/cc_platform.h>
#include <linux/module.h>

#include "svsm.h"

/*
 * The raw device comes last: from its registration on it can be opened, and a module whose loading fails
 * goes whoever holds it. An open chip outlives its driver.
 */
static struct svsm_bus_driver *const drivers[] = { &svsm_bus_tpm, &svsm_bus_raw };

static void stop(unsigned int count)
{
	while (count--)
		svsm_bus_driver_unregister(drivers[count]);
	svsm_bus_stop();
	svsm_bus_calls_stop();
}

/* At VMPL0, and without SNP, there is nobody to call. */
static bool under_svsm(void)
{
	return cc_platform_has(CC_ATTR_GUEST_SEV_SNP) && svsm_bus_caa();
}

static int __init keelson_init(void)
{
	unsigned int i;
	int rc;

	if (!under_svsm()) {
		pr_err("keelson: not an SEV-SNP guest under an SVSM\n");
		return -ENODEV;
	}
	rc = svsm_bus_calls_start();
	if (rc)
		return rc;
	rc = svsm_bus_start();
	if (rc) {
		svsm_bus_calls_stop();
		return rc;
	}
	for (i = 0; i < ARRAY_SIZE(drivers); i++) {
		rc = svsm_bus_driver_register(drivers[i]);
		if (rc)
			break;
	}
	if (!rc)
		rc = svsm_bus_edu_start();
	if (rc)
		stop(i);
	return rc;
}

static void __exit keelson_exit(void)
{
	svsm_bus_edu_stop();
	stop(ARRAY_SIZE(drivers));
}

module_init(keelson_init);
module_exit(keelson_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The SVSM bus: vTPM, and raw calls for test programs");
MODULE_AUTHOR("The Keelson Authors");
