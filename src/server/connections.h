/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "server/event.h"
#include "server/stream.h"

#include <stdbool.h>

/* Its place among the connections of its client (clients.h). */
struct connection_client {
    uint64_t hash;
    struct connection *next, **link; /* of the chain */
};

/* A TCP connection with its buffers. */
struct connection {
    struct event_source source; /* the socket */
    bool is_sending;            /* the peer reads too slowly: we wait for room, and read nothing */
    bool is_at_end;             /* the peer has sent all that it will */
    struct address peer;
    uint16_t port; /* the peer's */
    uint64_t active_ms;
    uint64_t activity;                /* number of its last activity: tells the order within a millisecond */
    struct connection *older, *newer; /* by activity; `newer` also links the free ones */
    struct connection_client client;
    struct stream stream;
};

/*
 * A worker's connections: as many slots as it may have open, made once.  A slot's memory is real only as far
 * as it was used.  The open ones stand in the order of their last activity.
 */
struct connections {
    struct connection *slots;
    unsigned most, open;
    uint64_t activities; /* counted */
    unsigned touched;    /* slots that were ever in use; those behind have no memory yet */
    struct connection *oldest, *newest, *unused;
};

/** False with errno if there is no memory. */
bool connections_open(struct connections *connections, unsigned most);
void connections_close(struct connections *connections); /* all must be put back */

/** A fresh slot, as the newest; NULL if all are open. */
struct connection *connections_take(struct connections *connections, uint64_t now_ms);
void connections_put_back(struct connections *connections, struct connection *connection);

/** Notes activity: the connection is the newest now. */
void connections_touch(struct connections *connections, struct connection *connection, uint64_t now_ms);
