/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/response.h"

/** The bytes of the OPT record with all its options; 0 if the reply has none. */
size_t reply_opt_size(const struct dns_reply_edns *edns);

/** Writes the OPT record into `room` >= 11 bytes, leaving out options that do not fit; returns its size. */
size_t reply_opt_write(const struct dns_reply_edns *edns, unsigned extended_rcode, uint8_t *out, size_t room);
