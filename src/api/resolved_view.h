/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/writer.h"
#include "snapshot/snapshot.h"

/* What is known of the hostname of an endpoint, in JSON and in words. */

/** Writes an object "resolved": name, addresses, what is left of their TTL, when they came, and why there are
 * none or old ones.  `resolved` NULL: nobody needs them, or the first answer is awaited. */
void resolved_view_write(struct writer *json, const char *key, const struct endpoint *endpoint,
                         const struct resolved *resolved);

/** Appends one sentence to `out`. */
void resolved_view_say(const struct endpoint *endpoint, const struct resolved *resolved, struct text *out);

/** Counts of hostnames for /metrics. */
void resolved_view_metrics(struct text *out, const struct snapshot *now);
