/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"

/*
 * Who showed a wrong token, by address (IPv6: /64).  A few mistakes are free; after that each one makes the
 * address wait, twice as long as the one before, up to a minute.  Forgotten after ten quiet minutes, or when
 * others crowd it out.
 */
struct failures;

enum { FAILURES_FREE = 5 };

struct failures *failures_new(void);
void failures_free(struct failures *failures); /* NULL is a no-op */

/** Seconds that it has to wait, rounded up; 0: it may try.  Any thread. */
unsigned failures_wait_s(struct failures *failures, const struct address *client, uint64_t now_ms);
/** Wrong tokens so far, from everywhere.  Any thread. */
uint64_t failures_count(struct failures *failures);
/** One more.  True if it is the first that makes it wait: worth a line in the log.  Any thread. */
bool failures_note(struct failures *failures, const struct address *client, uint64_t now_ms);
