/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The command line of `keelson verify`, and the files that it names. */
#include "harness/verify/asked.h"
#include "harness/verify/verdict.h"

enum request_error request_read(struct request *q, int argc, char **argv, struct verdict *v);
void request_free(struct request *q);
