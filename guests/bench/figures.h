/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Times of repetitions, and what they come to. In us. */
struct figures {
	double *us; /* one a repetition */
	double p50, p99, mean;
};

double figures_now(void); /* CLOCK_MONOTONIC */
void figures_start(struct figures *f, unsigned count);
void figures_end(struct figures *f, unsigned count); /* sorts and frees us */
