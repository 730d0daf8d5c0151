/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CLOCK_TEXT_SIZE 32

uint64_t clock_monotonic_ms(void); /* for intervals and deadlines; never jumps */
uint64_t clock_monotonic_us(void);
uint64_t clock_monotonic_coarse_us(void); /* cheap, at most some milliseconds late */
uint32_t clock_wall_s(void); /* cheap, at most some milliseconds late; wraps in 2106 as DNS cookies do */
int64_t clock_wall_ms(void); /* Unix time; for people and for what outlives the process */

/** Writes RFC 3339 UTC with milliseconds, "2026-01-31T23:59:59.123Z". */
void clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);
