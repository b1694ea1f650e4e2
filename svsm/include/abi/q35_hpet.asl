/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The HPET of a q35 (QEMU 7.2, hw/i386/acpi-build.c, build_hpet_aml()). Below \_SB. */
Device (HPET)
{
	Name (_HID, EisaId ("PNP0103"))
	Name (_UID, 0)
	Name (_STA, 0x0F)
	Name (_CRS, ResourceTemplate ()
	{
		Memory32Fixed (ReadOnly, 0xFED00000, 0x400)
	})
}
