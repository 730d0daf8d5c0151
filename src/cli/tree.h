/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/** Draws what GET /v1/explain answered: zone, client, every node with its candidates, the records. */
void tree_draw(const cJSON *explanation, bool wants_colour, struct text *out);
