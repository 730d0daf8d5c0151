/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cjson/cJSON.h>

/**
 * JSON Merge Patch (RFC 7396 §2): returns `target` (taken over, may be NULL) changed by `patch` (only read).
 * Keys are matched case-sensitively.  An object stays the same node, so its parent need not be told.
 */
cJSON *merge_patch(cJSON *target, const cJSON *patch);

/** The value at a JSON pointer (RFC 6901), NULL if there is none; "" is the whole. */
cJSON *json_at(cJSON *root, const char *pointer);
