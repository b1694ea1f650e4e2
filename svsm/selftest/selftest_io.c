/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Self-tests of port I/O by #VC (platform/snp/vc_io.h): the instructions as they stand, with the
 * hypervisor behind them. Two of QEMU's devices know what they were told: fw_cfg gives an item byte
 * by byte, of which item 0 is "QEMU" and then zeros; a page register of the DMA controller gives
 * back what was last written to it.
 */
#include "base/x86.h"
#include "cpu/percpu.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/copy.h"
#include "mm/image.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "selftest/selftest.h"

#define FWCFG_SELECT 0x510
#define FWCFG_DATA   0x511
#define DMA_PAGE     0x82 /* and 0x83 */
#define PCI_ADDRESS  0xcf8
#define PCI_DATA     0xcfc

/* One string instruction at label 1. False: it met a fault; index and count are then as the
 * processor leaves them. */
#define STRING(name, text, reg)                                                                    \
	static bool name(uint16_t port, uint64_t *index, uint64_t *count)                          \
	{                                                                                          \
		uint64_t fault = 0;                                                                \
                                                                                                   \
		__asm__ volatile(text "\n" FAULT_ENTRY                                             \
				 : "+a"(fault), "+" reg(*index), "+c"(*count)                      \
				 : "d"((uint64_t)port)                                             \
				 : "memory");                                                      \
		return !fault;                                                                     \
	}

STRING(outs_one, "1: outsb\n2:", "S")
STRING(outs_bytes, "1: rep outsb\n2:", "S")
STRING(outs_words, "1: rep outsw\n2:", "S")
STRING(outs_longs, "1: rep outsl\n2:", "S")
STRING(outs_down, "std\n1: rep outsb\n2: cld", "S")
STRING(outs_gs, "1: rep outsb %%gs:(%%rsi), %%dx\n2:", "S")
STRING(outs_short, "1: addr32 rep outsb\n2:", "S")
STRING(ins_one, "1: insb\n2:", "D")
STRING(ins_bytes, "1: rep insb\n2:", "D")
STRING(ins_again, "1: repne insb\n2:", "D")
STRING(ins_words, "1: rep insw\n2:", "D")
STRING(ins_longs, "1: rep insl\n2:", "D")
STRING(ins_down, "std\n1: rep insb\n2: cld", "D")

static void rewind(void)
{
	outw(FWCFG_SELECT, 0);
}

SELFTEST(io_registers)
{
	uint64_t rax = 0x1122334455667788;

	__asm__ volatile("outb %%al, %0" : : "i"(DMA_PAGE), "a"(0x5a));
	__asm__ volatile("inb %1, %%al" : "+a"(rax) : "i"(DMA_PAGE));
	SELFTEST_EQ(rax, 0x112233445566775a);
	outw(DMA_PAGE, 0xbeef);
	__asm__ volatile("inw %%dx, %%ax" : "+a"(rax) : "d"(DMA_PAGE));
	SELFTEST_EQ(rax, 0x112233445566beef);
	outl(PCI_ADDRESS, 0x80000000);
	__asm__ volatile("inl %%dx, %%eax" : "+a"(rax) : "d"(PCI_ADDRESS));
	SELFTEST_EQ(rax, 0x80000000);
	return true;
}

SELFTEST(io_outs)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6};
	static const uint32_t pci = 0x80000008;
	uint64_t at = (uint64_t)bytes, n = 5;

	SELFTEST_TRUE(outs_bytes(DMA_PAGE, &at, &n));
	SELFTEST_EQ(inb(DMA_PAGE), 5);
	SELFTEST_EQ(at, (uint64_t)bytes + 5);
	SELFTEST_EQ(n, 0);
	n = 77;
	SELFTEST_TRUE(outs_one(DMA_PAGE, &at, &n));
	SELFTEST_EQ(inb(DMA_PAGE), 6);
	SELFTEST_EQ(n, 77);
	n = 3;
	at = (uint64_t)bytes + 4;
	SELFTEST_TRUE(outs_down(DMA_PAGE, &at, &n));
	SELFTEST_EQ(inb(DMA_PAGE), 3);
	SELFTEST_EQ(at, (uint64_t)bytes + 1);
	n = 2;
	SELFTEST_TRUE(outs_words(DMA_PAGE, &at, &n));
	SELFTEST_EQ(inw(DMA_PAGE), 0x0504);
	at = (uint64_t)&pci;
	n = 1;
	SELFTEST_TRUE(outs_longs(PCI_ADDRESS, &at, &n));
	SELFTEST_EQ(inl(PCI_ADDRESS), pci);
	return true;
}

SELFTEST(io_ins)
{
	uint8_t b[8] = {0};
	uint32_t pci[3] = {0};
	uint64_t at = (uint64_t)b, n = 3;

	rewind();
	SELFTEST_TRUE(ins_bytes(FWCFG_DATA, &at, &n));
	SELFTEST_TRUE(ins_one(FWCFG_DATA, &at, &n));
	SELFTEST_EQ(memcmp(b, "QEMU\0\0\0", 8), 0);
	SELFTEST_EQ(at, (uint64_t)b + 4);
	n = 4;
	at = (uint64_t)b + 5;
	rewind();
	SELFTEST_TRUE(ins_down(FWCFG_DATA, &at, &n));
	SELFTEST_EQ(memcmp(b, "QEUMEQ\0", 8), 0);
	n = 2;
	at = (uint64_t)b;
	rewind();
	SELFTEST_TRUE(ins_again(FWCFG_DATA, &at, &n));
	SELFTEST_EQ(memcmp(b, "QEUM", 4), 0);
	outl(PCI_ADDRESS, 0x80000000);
	n = 3;
	at = (uint64_t)pci;
	SELFTEST_TRUE(ins_longs(PCI_DATA, &at, &n));
	SELFTEST_TRUE(pci[0] != ~0u && pci[0] == inl(PCI_DATA));
	SELFTEST_TRUE(pci[1] == pci[0] && pci[2] == pci[0]);
	n = 1;
	at = (uint64_t)pci;
	SELFTEST_TRUE(ins_words(PCI_DATA + 2, &at, &n));
	SELFTEST_EQ(pci[0] & 0xffff, pci[1] >> 16);
	return true;
}

/* More than one request takes, from an odd address on. The registers go on from part to part. */
SELFTEST(io_long)
{
	uint8_t *p = alloc_pages(2);
	uint64_t at = (uint64_t)p + 7, n = 3 * PAGE_SIZE;

	SELFTEST_TRUE(p);
	memset(p, 0xaa, 4 * PAGE_SIZE);
	rewind();
	SELFTEST_TRUE(ins_bytes(FWCFG_DATA, &at, &n));
	SELFTEST_EQ(at, (uint64_t)p + 7 + 3 * PAGE_SIZE);
	SELFTEST_EQ(memcmp(p + 6, "\252QEMU", 5), 0);
	for (size_t i = 11; i < 7 + 3 * PAGE_SIZE; i++)
		SELFTEST_EQ(p[i], 0);
	SELFTEST_EQ(p[7 + 3 * PAGE_SIZE], 0xaa);
	p[5] = 0x11;
	p[2 * PAGE_SIZE + 4] = 0x22;
	at = (uint64_t)p + 5;
	n = 2 * PAGE_SIZE;
	SELFTEST_TRUE(outs_bytes(DMA_PAGE, &at, &n));
	SELFTEST_EQ(inb(DMA_PAGE), 0x22);
	at = (uint64_t)p + 2 * PAGE_SIZE + 4;
	n = 2 * PAGE_SIZE;
	SELFTEST_TRUE(outs_down(DMA_PAGE, &at, &n));
	SELFTEST_EQ(inb(DMA_PAGE), 0x11);
	alloc_pages_free(p, 2);
	return true;
}

SELFTEST(io_segments)
{
	const struct cpu *c = percpu_this();
	uint64_t at = 0, n = 2;

	SELFTEST_TRUE(outs_gs(DMA_PAGE, &at, &n));
	SELFTEST_EQ(inb(DMA_PAGE), ((const uint8_t *)c)[1]);
	SELFTEST_EQ(at, 2);
	/* with 32 bits only the lower half of an address is left: a page of ring 3's, if any */
	at = (uint64_t)c;
	n = 1ull << 32 | 2;
	SELFTEST_TRUE(!outs_short(DMA_PAGE, &at, &n));
	SELFTEST_EQ(at, (uint64_t)c);
	SELFTEST_EQ(n, 1ull << 32 | 2);
	return true;
}

/* Up to a page that is not there, and no byte further: nor has the device given one more. */
SELFTEST(io_fault)
{
	uint8_t *p = alloc_pages(1);
	uint64_t at = (uint64_t)p + PAGE_SIZE - 3, n = 8;

	SELFTEST_TRUE(p);
	paging_set(p + PAGE_SIZE, PAGING_GUARD);
	rewind();
	SELFTEST_TRUE(!ins_bytes(FWCFG_DATA, &at, &n));
	SELFTEST_EQ(at, (uint64_t)p + PAGE_SIZE);
	SELFTEST_EQ(n, 5);
	SELFTEST_EQ(memcmp(p + PAGE_SIZE - 3, "QEM", 3), 0);
	SELFTEST_EQ(inb(FWCFG_DATA), 'U');
	paging_set(p + PAGE_SIZE, PAGING_PRIVATE);
	alloc_pages_free(p, 1);
	return true;
}

/* Memory that is not the SVSM's to give, or not to be written: no request is made. */
SELFTEST(io_refused)
{
	static const uint64_t foreign[] = {0, 0x401000, GUEST_MAP_BASE, 0x800000000000, ~0ull};
	uint64_t at = (uint64_t)kernel_rodata, n = 4;

	outb(DMA_PAGE, 0x77);
	rewind();
	SELFTEST_TRUE(!ins_bytes(FWCFG_DATA, &at, &n));
	at = (uint64_t)kernel_text;
	SELFTEST_TRUE(!ins_bytes(FWCFG_DATA, &at, &n));
	at = (uint64_t)percpu_this()->ghcb->page; /* shared */
	SELFTEST_TRUE(!ins_bytes(FWCFG_DATA, &at, &n));
	SELFTEST_TRUE(!outs_bytes(DMA_PAGE, &at, &n));
	for (unsigned i = 0; i < ARRAY_LEN(foreign); i++) {
		at = foreign[i];
		SELFTEST_TRUE(!outs_bytes(DMA_PAGE, &at, &n));
		SELFTEST_TRUE(!ins_bytes(FWCFG_DATA, &at, &n));
		SELFTEST_EQ(at, foreign[i]);
		SELFTEST_EQ(n, 4);
	}
	SELFTEST_EQ(inb(DMA_PAGE), 0x77);
	SELFTEST_EQ(inb(FWCFG_DATA), 'Q');
	return true;
}
