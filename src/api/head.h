/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"

#define BODY_LIMIT_USUAL ((size_t)1 << 20) /* bytes */

/**
 * Looks at all that can be judged before the body: framing, target, route, token, parameters, size.  False
 * with a refusal replied.  `reads_body` says whether the body is worth reading, if only to refuse politely.
 */
bool head_accept(struct request *request, const char *method, const char *version, bool *reads_body);

/** The address at the other end; NONE on a unix socket. */
void head_find_client(struct MHD_Connection *connection, struct address *out);
