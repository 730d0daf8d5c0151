/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/latency_table.h"

/** The table with its names resolved: `slot_of` gives the slot of "pool/endpoint", or UINT32_MAX.  Free with
 * free(); the table is borrowed. */
struct latency_view *latency_view_new(const struct latency_table *table,
                                      uint32_t (*slot_of)(const void *context, const char *key),
                                      const void *context);
