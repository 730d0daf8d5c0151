/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/database.h"
#include "store/store.h"

/*
 * What happened (events) and what the checks said last (verdicts): written behind the world, which never
 * waits for it.
 */

/** Puts events and verdicts; a verdict UNKNOWN takes the row away.  Forgets events beyond what is kept. */
bool history_put(struct database *db, const struct store_job *job, const struct store_history *keep,
                 struct error *err);

/** Ascending by number: those above job->before, or without it the newest; at most job->most that match. */
bool history_list(struct database *db, struct store_job *job, struct error *err);

/** The number of the newest event that was ever put, 0 if none. */
bool history_last_number(struct database *db, uint64_t *out, struct error *err);

/** All verdicts, in no order. */
bool history_verdicts(struct database *db, struct store_verdict **out, size_t *count, struct error *err);
