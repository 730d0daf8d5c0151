/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A map from strings to pointers, for the control plane.  The table copies its keys, unless it was told to
 * borrow them; the values are the caller's.  Order of a walk is not defined, but is the same while nothing
 * changes.
 */
struct table;

struct table *table_new(void);
/** Of things that know their names: a key lives as long as its value stands in the table. */
struct table *table_new_borrowing(void);
void table_free(struct table *table);

void *table_find(const struct table *table, const char *key);
/** Returns what stood there before, or NULL.  `value` is not NULL. */
void *table_put(struct table *table, const char *key, void *value);
void *table_remove(struct table *table, const char *key);
/** A key that differs from `key` in the case of ASCII letters alone, or NULL. */
const char *table_find_alike(const struct table *table, const char *key);
size_t table_count(const struct table *table);

/** Walks: start with *at = 0; false at the end.  Removing the entry just seen is allowed. */
bool table_next(const struct table *table, size_t *at, const char **key, void **value);
