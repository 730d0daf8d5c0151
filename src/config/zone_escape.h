/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/*
 * `\DDD` is an octet, 0 to 255 (RFC 1035 §5.1).  In names libzscanner takes more, modulo 256: the record
 * would be served under a name that nobody wrote.
 */

/** The first one that stands for no octet in [from, end), not counting comments; NULL: there is none. */
const char *zone_escape_find_wrong(const char *from, const char *end);
