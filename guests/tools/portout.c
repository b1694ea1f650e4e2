/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Writes bytes to an I/O port, as a hostile guest's kernel may at any time. Debian's cloud kernels
 * have no /dev/port. usage: portout PORT HEX (PORT in C's notation, HEX two digits a byte)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>

int main(int argc, char **argv)
{
	unsigned port = argc == 3 ? (unsigned)strtoul(argv[1], NULL, 0) : 0;
	unsigned byte;

	if (!port || strlen(argv[2]) % 2) {
		fprintf(stderr, "usage: portout PORT HEX\n");
		return 2;
	}
	if (ioperm(port, 1, 1) != 0) {
		perror("portout: ioperm");
		return 1;
	}
	for (const char *p = argv[2]; *p; p += 2) {
		if (sscanf(p, "%2x", &byte) != 1)
			return 2;
		outb((unsigned char)byte, (unsigned short)port);
	}
	return 0;
}
