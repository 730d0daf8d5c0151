/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/connections.h"

/*
 * How many connections one client may have: an IPv4 address, or an IPv6 /64, which is what one host has at
 * hand.
 *
 * They are counted for all workers together, in two rows of counters that keyed hashes pick: the lower of a
 * client's two is never below its number, and above it only where it meets others in both rows.  Closing is
 * the business of the worker that finds too many: it closes one of its own.
 */
struct client_counts;

struct client_counts *client_counts_new(unsigned connections_most);
void client_counts_free(struct client_counts *counts);

/* A worker's connections by client.  All zero: nothing is limited. */
struct clients {
    struct client_counts *counts; /* shared */
    unsigned most;                /* connections of one client */
    struct connection **chains;   /* by hash */
};

/** `counts` is borrowed. */
void clients_open(struct clients *clients, struct client_counts *counts, unsigned most);
void clients_close(struct clients *clients); /* all must have left */

/**
 * Counts a connection whose peer is set.  If the client has too many now, returns the one to close: of the
 * client's others on this worker the one idle for longest, or `connection` itself if there is none.  Else
 * NULL.
 */
struct connection *clients_enter(struct clients *clients, struct connection *connection);
void clients_leave(struct clients *clients, struct connection *connection);
