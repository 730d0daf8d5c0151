/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/zone_stage.h"

/* A settled stage → the zone with its changes.  What was made and replaced is noted in `edition`. */

/** Makes every bucket anew, as many as `name_count` names want.  The stage's changes are freed on the way. */
const struct zone *zone_build_all(struct stage *stage, size_t name_count, struct edition *edition);

/** Makes the buckets of changed names anew and shares the others with the base. */
const struct zone *zone_build_changed(const struct stage *stage, size_t name_count, struct edition *edition);

/** False if the table of `zone` is too small or much too large for `name_count` names. */
bool zone_fits(const struct zone *zone, size_t name_count);

/** False if a bucket of the base may be too small for what the settled stage changes in it. */
bool zone_changes_fit(const struct stage *stage);

/** Bytes of a node without RRsets; each of these adds zone_rrset_room. */
size_t zone_node_room(size_t name_size, bool has_service);
size_t zone_rrset_room(const struct dns_rrset *rrset);
