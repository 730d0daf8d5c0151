/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/document.h"
#include "control/control.h"

/**
 * Reads what is said of one endpoint, {"endpoint": "pool/endpoint", "status": "up|down", "message": "…",
 * "ttl": "30s"}, or {"reports": […]} of such, into the command's reports; null is as good as absent.  All
 * problems are noted.  `now_ms` is wall time: when they came.
 */
bool report_body_parse(const struct document *document, int64_t now_ms, struct problems *problems,
                       struct command *out);
