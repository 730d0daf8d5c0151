/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DURATION_TEXT_SIZE 24

/** Parses "250ms", "3s", "5m", "2h", "7d"; one number, one unit.  False otherwise or above 365d. */
bool duration_parse(const char *text, uint64_t *out_ms);

/** Writes the shortest such text: 180000 is "3m". */
void duration_format(uint64_t ms, char out[DURATION_TEXT_SIZE]);
