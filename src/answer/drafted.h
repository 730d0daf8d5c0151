/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/ready.h"
#include "dns/draft.h"

/*
 * The second of three ways to a reply: what does not lie ready as a whole is put together from parts that do
 * (dns/draft.h), with all options of EDNS and up to the client's own limit.  What neither way does, and what
 * does not fit, is assembled; what is would come out the same.
 */

/** Writes the reply of at most `limit` bytes to a query for a name in a zone of ours, and its rcode; returns
 * its size, 0: it is to be assembled.  Writes to `edns` what the answer says there. */
size_t drafted_answer(struct ready *ready, struct dns_reply_edns *edns, uint8_t *out, size_t limit,
                      unsigned *rcode);
