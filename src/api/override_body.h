/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/document.h"
#include "snapshot/conditions.h"

/**
 * Reads {"state": "up|down|drain", "weight": 0..65535, "expires": "2h", "reason": "…"}: a state or a weight
 * at least, null is as good as absent.  All problems are noted; `now_ms` is wall time, from which the expiry
 * counts.  The author is left empty.
 */
bool override_body_parse(const struct document *document, int64_t now_ms, struct problems *problems,
                         struct override *out);
