/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The door of one listener: who is inside, for how long, and who has to go when it is full, so that somebody
 * with a token always gets in.  A visitor is a stranger until a token of his was good.
 *
 *     full: the stranger goes who has been quiet longest; then the known one who has been idle longest;
 *           else the one who comes is turned away
 *
 * MHD knows only how long a connection was silent; whoever sends a byte now and then could stay for ever.
 * Here the whole of a head, a body and a reply have their time.
 *
 * Sending somebody away is a shutdown of his socket: MHD's thread sees it and closes.  The sockets stay open
 * until door_leave, which the door's mutex orders.
 */
struct door;
struct visitor;

struct door_limits {
    unsigned most;            /* visitors at once */
    unsigned most_per_client; /* of one IPv4 address or one IPv6 /64; 0: any number */
    unsigned stranger_ms;     /* a stranger may be without a request, or in the middle of a head, so long */
    unsigned known_ms;        /* the same for the known */
    unsigned transfer_ms;     /* time for a body or a reply, and more for its size: */
    unsigned bytes_per_ms;    /* so many bytes give one millisecond more */
};

enum visit {
    VISIT_IDLE,     /* no request yet, or none any more */
    VISIT_HEAD,     /* its first line is here */
    VISIT_TRANSFER, /* a body comes, or a reply goes */
    VISIT_WORK,     /* the request is ours; streams of events, too.  No limit */
};

struct door_counters {
    uint64_t inside;
    uint64_t came, evicted, refused, overdue; /* since the start */
};

struct door *door_new(const struct door_limits *limits);
void door_free(struct door *door); /* everybody has left; NULL is a no-op */

/** `client` is NONE on a unix socket; loopback addresses have no limit per client: whoever is behind a proxy
 * here shares one.  MHD's thread. */
struct visitor *door_enter(struct door *door, int fd, const struct address *client, uint64_t now_ms);
/** Before the socket is closed.  MHD's thread; NULL is a no-op. */
void door_leave(struct visitor *visitor);

/** He begins something else.  A transfer has `size` bytes, as far as they are known.  MHD's thread. */
void visitor_turn(struct visitor *visitor, enum visit visit, uint64_t size, uint64_t now_ms);
/** So many more bytes came.  MHD's thread. */
void visitor_brought(struct visitor *visitor, uint64_t size);
/** His token was good.  MHD's thread. */
void visitor_show_token(struct visitor *visitor);

/** Sends away who takes too long.  Any thread. */
void door_sweep(struct door *door, uint64_t now_ms);
void door_count(struct door *door, struct door_counters *out);
