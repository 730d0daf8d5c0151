/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/database.h"
#include "store/store.h"

/*
 * Generations and the versions of objects:
 *
 *     generation      1      2      3      4      5 (head)
 *     pool "us"       text                 text            read at 3: the text of 1
 *     check "web"     text   text   NULL                   read at 3: not there
 */

/** Writes one more generation; fails unless its number is the head's + 1. */
bool generations_put(struct database *db, const struct store_job *job, struct error *err);

/** The newest generation: number and origin; number 0 when there is none. */
bool generations_head(struct database *db, uint64_t *number, enum store_origin *origin, struct error *err);

/** Adds the objects that existed in `generation`, sorted; fails if it is not kept. */
bool generations_read(struct database *db, uint64_t generation, struct objects *out, struct error *err);

/** Newest first, those below job->before (0: all), at most job->most, into job->list.  With job->scope only
 * those that changed something of it. */
bool generations_list(struct database *db, struct store_job *job, struct error *err);

/** Forgets all but the `keep` newest, and the versions of objects that only those showed. */
bool generations_prune(struct database *db, unsigned keep, struct error *err);

bool meta_put(struct database *db, const char *key, const char *value, struct error *err);
/** NULL when it was never put; the caller frees it. */
bool meta_get(struct database *db, const char *key, char **out, struct error *err);
