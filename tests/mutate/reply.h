/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * Judges a reply of at least 12 bytes to the query, as a suspicious resolver would: every count true, every
 * name and rdata within its bounds, no byte too many.  Shares no code with what it judges.  NULL if there is
 * nothing to say against it, else what is wrong.
 */
const char *reply_judge(const uint8_t *query, size_t query_size, const uint8_t *reply, size_t size);
