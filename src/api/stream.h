/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/feed.h"

/*
 * Bodies without end: Server-Sent Events (WHATWG HTML §9.2).  A stream remembers the number it has sent and
 * asks the feed for more, so nothing is kept for a slow peer: one that falls behind the feed is cut off, and
 * comes back with Last-Event-ID.  Comments tell a peer, and us, that the connection still stands.
 *
 *     read ──nothing new──▶ sleep ──streams_wake──▶ read
 */
struct streams;
struct stream;
struct MHD_Connection;
struct auth;
struct who;

enum { STREAM_BLOCK_SIZE = 16 << 10 };

/** `auth` knows the followers (stream_know); NULL in tests. */
struct streams *streams_new(struct feed *feed, struct auth *auth);
/** After the last stream. */
void streams_free(struct streams *streams);
/** Wakes those that sleep and have something to say, or nobody to say it to any more.  Any thread. */
void streams_wake(struct streams *streams);
/** Wakes all; none sleeps any more, each ends. */
void streams_end(struct streams *streams);
unsigned streams_count(struct streams *streams);

/** NULL if there are too many.  Starts behind the number `after`; of the filter subject and scope are copied.
 */
struct stream *stream_new(struct streams *streams, uint64_t after, const struct event_filter *filter);
void stream_free(struct stream *stream); /* NULL is a no-op */
/** Whose it is: it ends when his token does, and shows what his scope reaches at each moment. */
void stream_know(struct stream *stream, const struct who *who);

const struct event_filter *stream_filter(const struct stream *stream);
uint64_t stream_after(const struct stream *stream);

/** Before it begins: what the store remembers, up to the number `until` at least. */
void stream_catch_up(struct stream *stream, const struct events *events, uint64_t until);
/** Bytes that wait to be sent. */
size_t stream_size(const struct stream *stream);
/** It ends when what waits is sent: the peer asks again for the rest. */
void stream_cut(struct stream *stream);

/** From now on it belongs to the connection, whose socket is `fd`. */
void stream_begin(struct stream *stream, struct MHD_Connection *connection, int fd);

enum stream_step { STREAM_GOES_ON, STREAM_SLEEPS, STREAM_IS_OVER };
/** Writes the next bytes.  When it sleeps, the connection is suspended.  MHD's thread. */
enum stream_step stream_read(struct stream *stream, char *out, size_t room, size_t *size);
