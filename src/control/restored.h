/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

/* The verdicts, last reports and paces that an earlier process left behind, until their endpoints come to
 * take them.
 */
struct restored;

/** Takes over the reports and paces of `head`, and its verdicts unless they are `most_ms` or more older than
 * `now_ms` (wall time), or younger. */
struct restored *restored_new(struct store_head *head, int64_t now_ms, uint64_t most_ms);
void restored_free(struct restored *restored);

/** The verdict on this endpoint by this check at this place, or NULL. */
const struct store_verdict *restored_find(const struct restored *restored, const char *endpoint,
                                          const char *check, const char *target);

/** The last report to this check about the endpoint, or NULL. */
const struct store_report *restored_report(const struct restored *restored, const char *endpoint,
                                           const char *check);

/** Walks all verdicts: start with *at = 0; NULL at the end. */
const struct store_verdict *restored_next(const struct restored *restored, size_t *at);

/** How far the endpoint was on its way back, or NULL. */
const struct store_pace *restored_pace(const struct restored *restored, const char *endpoint);
/** Walks all paces, as restored_next. */
const struct store_pace *restored_next_pace(const struct restored *restored, size_t *at);
