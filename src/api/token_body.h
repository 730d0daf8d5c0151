/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/document.h"
#include "store/token.h"

/** Reads what POST /v1/tokens brings: name, role, pools, zones, checks, expires, comment.  False with all
 * that is wrong noted.  Adds one token, without digest and author, to `out`. */
bool token_body_parse(const struct document *document, int64_t now_ms, struct problems *problems,
                      struct tokens *out);
