/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/check.h"

#include <stddef.h>

/** A non-blocking socket, bound to the check's source address if it has one.  -1 with errno on failure. */
int probe_socket(const struct check *check, int family, int type, int protocol);

/** How many connections may be kept at rest: by libcurl, and by our own as many again.  An eighth of the
 * descriptors each, for checks under way may take half of them. */
size_t probe_sockets_kept_most(void);
