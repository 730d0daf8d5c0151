/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"

#include <cjson/cJSON.h>

/* Documents as people write and compare them. */

/** Appends `json` and an end of line: two spaces a level; what holds only words and numbers stands on one
 * line where that is short. */
void document_print(const cJSON *json, struct text *out);

/** Puts what a configuration holds by name (pools, zones, their services …) into the order of the names,
 * where order says nothing.  Within an object of the configuration it may: there it stays. */
void document_sort(cJSON *configuration);
