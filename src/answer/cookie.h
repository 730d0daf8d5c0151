/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "dns/ready.h"
#include "snapshot/server_keys.h"

#define COOKIE_REPLY_SIZE DNS_COOKIE_SIZE

/**
 * Judges the cookie of a query from `source` and writes the one that the reply carries: the client's own
 * while it is young, else a fresh one.  `now_s` is wall-clock time.  Pure; any thread.
 */
enum cookie_state cookie_answer(const struct server_keys *keys, const struct edns_cookie *cookie,
                                const struct address *source, uint32_t now_s, uint8_t out[COOKIE_REPLY_SIZE]);
