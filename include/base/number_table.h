/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A map from 64-bit numbers to 32-bit numbers, for the control plane: gives ids to pairs, offsets, hashes.
 * Nothing is ever removed.  Zero-initialised is empty.  One owner, one thread. */
struct number_table {
    struct number_entry *entries;
    size_t count, room;
};

bool number_table_find(const struct number_table *table, uint64_t key, uint32_t *out);
/** Replaces what stood there. */
void number_table_put(struct number_table *table, uint64_t key, uint32_t value);
void number_table_free(struct number_table *table);
