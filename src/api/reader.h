/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/snapshot.h"

/*
 * Looking at the snapshot from MHD's threads, which are not ours to start and end: the first look registers
 * the thread, its end unregisters it.
 */

/** As snapshot_acquire: NULL before the first publication, and to be released even then.  The request may not
 * be put to sleep before reader_release. */
const struct snapshot *reader_acquire(void);
void reader_release(void);

/** The pool of that name, which probably has this id (SLOT_NONE: nobody knows), or NULL. */
const struct node *reader_find_pool(const struct dataset *dataset, const char *name, uint32_t id);
/** The pool or policy of that name, or NULL: a walk through all of them. */
const struct node *reader_find_node(const struct dataset *dataset, const char *name);
/** The endpoint of that name among the children, or NULL. */
const struct endpoint *reader_find_endpoint(const struct node *pool, const char *name);

/** Walks the pools and policies with a name: start with *at = 0; NULL at the end. */
const struct node *reader_next_node(const struct dataset *dataset, uint32_t *at);

/** True if the scope (config/scope.h) has the zone. */
bool reader_reaches_zone(const char *scope, const struct zone *zone);

/** True for a pool: its endpoints have slots, those of other nodes have none. */
bool reader_is_pool(const struct node *node);
