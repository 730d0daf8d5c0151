/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/compiler.h"
#include "config/object.h"

/*
 * What a change does, as a JSON array with an item an object:
 *
 *     {"action": "change", "kind": "pool", "name": "us", "before": {…}, "after": {…},
 *      "differences": [{"pointer": "/endpoints/us-east-1/weight", "before": 3, "after": 9}]}
 *
 * "action" is "add", "change" or "delete"; "before" and "after" are null where there is nothing, and of a
 * zone's file, which is no JSON and shows as a number of lines.  In a difference the side that has no such
 * member is missing.  Lists differ as a whole.  SOA serials are left out.
 */

/** From the compiler's head to what the changes make of it.  The caller frees it. */
char *diff_of_changes(const struct compiler *compiler, const struct objects *changes);

/** From one state to another; both sorted by kind and name.  The caller frees it. */
char *diff_of_states(const struct objects *before, const struct objects *after);
