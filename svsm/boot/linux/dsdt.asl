/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a direct-booted guest is told of the machine: the PCI root of a q35 with the windows in which
 * SeaBIOS places BARs, the clock, two UARTs, the HPET, and S5. PM timer and power button are the
 * FADT's to tell (lib/acpi/acpi_q35.c).
 */
DefinitionBlock ("dsdt.aml", "DSDT", 2, "KEELSN", "KEELSON ", 1)
{
	/* SLP_TYP 0 is soft off on a q35. */
	Name (_S5, Package () { 0, 0, 0, 0 })

	Scope (_SB)
	{
		Include ("q35_hpet.asl")

		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A08"))
			Name (_CID, EisaId ("PNP0A03"))
			Name (_SEG, 0)
			Name (_BBN, 0)
			Name (_UID, 0)
			Name (_CRS, ResourceTemplate ()
			{
				WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
					0, 0, 0xFF, 0, 0x100)
				IO (Decode16, 0x0CF8, 0x0CF8, 0x01, 0x08)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, 0, 0x0CF7, 0, 0x0CF8)
				WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
					0, 0x0D00, 0xFFFF, 0, 0xF300)
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite,
					0, 0xC0000000, 0xFEBFFFFF, 0, 0x3EC00000)
				/* Above any RAM we can have (the page-state map ends before). */
				QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					Cacheable, ReadWrite,
					0, 0x8000000000, 0xFFFFFFFFFF, 0, 0x8000000000)
			})

			Include ("q35_prt.asl")
			Include ("q35_isa.asl")
		}
	}
}
