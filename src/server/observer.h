/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "server/server.h"

/*
 * A worker's eye on its own queries: copies a sample of them, with their replies, for the query log.  Never
 * waits: what finds the ring full is counted and lost.
 *
 *     worker ──see──▶ ring of fixed places ──next, done──▶ logger
 */
#define OBSERVED_QUERY_ROOM 512
#define OBSERVED_REPLY_ROOM 1400

struct observation {
    int64_t wall_ms; /* of the batch */
    struct address client;
    uint16_t port; /* 0: not known */
    uint8_t transport;
    bool is_for_file, is_for_tap;
    uint32_t query_size, reply_size; /* on the wire; where that is above the room, the end is missing here.
                                        No reply: 0 */
    uint8_t query[OBSERVED_QUERY_ROOM];
    uint8_t reply[OBSERVED_REPLY_ROOM];
};

struct observer;

/** `counters` are the worker's, borrowed.  Control plane. */
struct observer *observer_new(const struct query_log_settings *settings, struct answer_counters *counters);
void observer_free(struct observer *observer);

/** Before those of one batch: asks the clock.  The worker. */
void observer_begin(struct observer *observer);
/** A query that was answered, or of which `reply_size` is 0.  The worker; no lock, no allocation. */
void observer_see(struct observer *observer, enum transport transport, const struct address *client,
                  uint16_t port, const struct message *message);

/** The oldest that waits, or NULL; observer_done gives its place back.  The logger. */
const struct observation *observer_next(const struct observer *observer);
void observer_done(struct observer *observer);
