/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What a q35 has behind its LPC bridge: the clock with its alarm, and two serial ports (QEMU 7.2,
 * hw/rtc/mc146818rtc.c, hw/char/serial-isa.c). Below PCI0. */
Device (ISA)
{
	Name (_ADR, 0x001F0000)

	Device (RTC)
	{
		Name (_HID, EisaId ("PNP0B00"))
		Name (_CRS, ResourceTemplate ()
		{
			IO (Decode16, 0x0070, 0x0070, 0x01, 0x02)
			IRQNoFlags () { 8 }
		})
	}

	Device (COM1)
	{
		Name (_HID, EisaId ("PNP0501"))
		Name (_UID, 1)
		Name (_STA, 0x0F)
		Name (_CRS, ResourceTemplate ()
		{
			IO (Decode16, 0x03F8, 0x03F8, 0x00, 0x08)
			IRQNoFlags () { 4 }
		})
	}

	Device (COM2)
	{
		Name (_HID, EisaId ("PNP0501"))
		Name (_UID, 2)
		Name (_STA, 0x0F)
		Name (_CRS, ResourceTemplate ()
		{
			IO (Decode16, 0x02F8, 0x02F8, 0x00, 0x08)
			IRQNoFlags () { 3 }
		})
	}
}
