/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "config/check.h"

#include <stddef.h>

/** The whole request of an http check, headers and body, as libcurl would send it; for the caller to free.
 * `peer` is the host name or address text that the endpoint goes by.  NULL if it cannot be made. */
char *http_message_write(const struct check *check, const char *peer, size_t *size, struct error *err);
