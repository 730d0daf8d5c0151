/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"
#include "server/event.h"
#include "server/observer.h"

struct udp_socket {
    struct event_source source;
    bool is_wildcard; /* replies must be told to leave from the address that was asked */
    bool is_pressed;  /* queries come faster than they are answered: nobody waits for them */
    bool is_lone;     /* its worker waits for it alone, in the receiving call */
    uint64_t cookie;  /* the kernel's name for the socket: several descriptors may be of one */
};

/* A worker's buffers for one batch of queries and their replies. */
struct udp_batch;

/** `observer` sees all queries and is borrowed; NULL: nobody does. */
struct udp_batch *udp_batch_new(struct observer *observer);
void udp_batch_free(struct udp_batch *batch);

/** Receives what is there, up to one batch.  Returns the queries received; 0: none was there.  Of a lone
 * socket it waits for the first, and 0 says that a signal came.  Worker thread. */
size_t udp_receive(struct udp_batch *batch, const struct udp_socket *socket);
/** Answers the `count` queries of the batch, and sends.  Worker thread. */
void udp_answer(struct udp_batch *batch, const struct udp_socket *socket, size_t count,
                struct answerer *answerer);
