/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/arena.h"

#include <cjson/cJSON.h>

/**
 * The tree that cJSON_ParseWithLength makes of `text`, which the scanner has found sound; the value may have
 * white space around it.  All of it stands in the arena: nothing is allocated for a value, and nothing is to
 * be freed (no cJSON_Delete).  NULL if the text is no JSON after all.
 */
cJSON *json_tree(const char *text, size_t size, struct arena *arena);
