/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "answer/search.h"

/**
 * Most replies lie ready: the question, one RRset as it is stored, and an OPT without options.  Writes such a
 * reply and returns its size; 0 if this one is not of them, or has more than the 512 bytes that are right for
 * every client: it is then to be assembled, and would come out the same.
 */
size_t ready_answer(const struct answer_settings *settings, const struct dns_query *query,
                    const struct zone_match *match, uint8_t *out);
