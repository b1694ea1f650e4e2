/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* The inputs since the TPM's last reset, in a file (FUZZ_HISTORY) that outlives a crash. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/history.h"

static int file = -1;

void history_reset(void)
{
	const char *path = getenv("FUZZ_HISTORY");

	if (file < 0 && path)
		file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0)
		return;
	FUZZ_CHECK(ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
}

void history_add(const uint8_t *data, size_t size)
{
	if (file >= 0)
		FUZZ_CHECK(write(file, data, size) == (ssize_t)size);
}
