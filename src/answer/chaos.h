/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"

/** Answers a query of class CHAOS: what the server says of itself, as far as it is told to.  What it knows
 * has no extended error in `edns` any more.  Returns the reply's size. */
size_t chaos_answer(const struct answer_settings *settings, const struct dns_query *query,
                    struct dns_reply_edns *edns, uint8_t *out, size_t limit);
