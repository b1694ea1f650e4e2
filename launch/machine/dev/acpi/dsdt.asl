/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a guest with firmware of its own is told of the machine: a q35 as QEMU 7.2 describes it
 * (hw/i386/acpi-build.c, build_dsdt()), less what is not there: hotplug of CPUs, memory and slots,
 * a keyboard controller, S3 and S4. The windows depend on where the firmware has put things; their
 * values are names of an SSDT that the machine makes (acpi_platform.c, acpi_values()).
 */
DefinitionBlock ("dsdt.aml", "DSDT", 2, "KEELSN", "KEELSON ", 1)
{
	External (ECMB, IntObj)
	External (ECME, IntObj)
	External (P0MB, IntObj)
	External (P0ME, IntObj)
	External (P1MB, IntObj)
	External (P1ME, IntObj)
	External (P2MB, IntObj)
	External (P2ME, IntObj)

	/* SLP_TYP 0 is soft off on a q35. */
	Name (_S5, Package () { 0, 0, 0, 0 })

	Scope (_SB)
	{
		/* PCIe's configuration space, for an operating system that wants it reserved here. */
		Device (DRAC)
		{
			Name (_HID, EisaId ("PNP0C01"))
			Name (RBUF, ResourceTemplate ()
			{
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite,
					0, 0, 0, 0, 0, , , ECAM, AddressRangeMemory, TypeStatic)
			})
			Method (_STA)
			{
				If (LEqual (ECMB, 0)) { Return (0) }
				Return (0x0F)
			}
			Method (_CRS, 0, Serialized)
			{
				CreateDWordField (RBUF, ^ECAM._MIN, LOW)
				CreateDWordField (RBUF, ^ECAM._MAX, HIGH)
				CreateDWordField (RBUF, ^ECAM._LEN, SIZE)
				Store (ECMB, LOW)
				Store (ECME, HIGH)
				Store (Add (Subtract (ECME, ECMB), 1), SIZE)
				Return (RBUF)
			}
		}

		Include ("q35_hpet.asl")

		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A08"))
			Name (_CID, EisaId ("PNP0A03"))
			Name (_SEG, 0)
			Name (_BBN, 0)
			Name (_UID, 0)
			Name (RBUF, ResourceTemplate ()
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
					0, 0, 0, 0, 0, , , WIN0, AddressRangeMemory, TypeStatic)
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite,
					0, 0, 0, 0, 0, , , WIN1, AddressRangeMemory, TypeStatic)
				QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					Cacheable, ReadWrite,
					0, 0, 0, 0, 0, , , WIN2, AddressRangeMemory, TypeStatic)
			})
			Method (_CRS, 0, Serialized)
			{
				CreateDWordField (RBUF, ^WIN0._MIN, LOW0)
				CreateDWordField (RBUF, ^WIN0._MAX, HIG0)
				CreateDWordField (RBUF, ^WIN0._LEN, SIZ0)
				CreateDWordField (RBUF, ^WIN1._MIN, LOW1)
				CreateDWordField (RBUF, ^WIN1._MAX, HIG1)
				CreateDWordField (RBUF, ^WIN1._LEN, SIZ1)
				CreateQWordField (RBUF, ^WIN2._MIN, LOW2)
				CreateQWordField (RBUF, ^WIN2._MAX, HIG2)
				CreateQWordField (RBUF, ^WIN2._LEN, SIZ2)
				Store (P0MB, LOW0)
				Store (P0ME, HIG0)
				Store (Add (Subtract (P0ME, P0MB), 1), SIZ0)
				Store (P1MB, LOW1)
				Store (P1ME, HIG1)
				Store (Add (Subtract (P1ME, P1MB), 1), SIZ1)
				Store (P2MB, LOW2)
				Store (P2ME, HIG2)
				Store (Add (Subtract (P2ME, P2MB), 1), SIZ2)
				Return (RBUF)
			}

			/* PCI Firmware 3.0, 4.5: the operating system gets what it asks for, but hotplug,
			 * which is not there (bits 0 and 1). */
			Method (_OSC, 4)
			{
				CreateDWordField (Arg3, 0, CDW1)
				If (LNotEqual (Arg0, ToUUID ("33db4d5b-1ff7-401c-9657-7441c03dd766")))
				{
					Or (CDW1, 4, CDW1)
					Return (Arg3)
				}
				CreateDWordField (Arg3, 8, CDW3)
				If (LNotEqual (Arg1, 1)) { Or (CDW1, 8, CDW1) }
				Store (And (CDW3, 0x1C), Local0)
				If (LNotEqual (CDW3, Local0)) { Or (CDW1, 0x10, CDW1) }
				Store (Local0, CDW3)
				Return (Arg3)
			}

			Include ("q35_prt.asl")

			Include ("q35_isa.asl")
		}
	}
}
