/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/mailbox.h"
#include "store/event.h"

/*
 * The newest events, for those who follow them live.  A reader remembers where it is by number and comes
 * again; the feed remembers no readers, so a slow one costs nothing: what it missed is in the store.
 */
struct feed;

/** Remembers the `most` newest; the first to come has a number above `last`. */
struct feed *feed_new(size_t most, uint64_t last);
void feed_free(struct feed *feed);

/** Tells them (copied), numbers ascending.  Any thread. */
void feed_tell(struct feed *feed, const struct events *events);

/** One letter of `kind` to `box` whenever there is news, and no second one before feed_heard.  NULL: no more.
 * Any thread; the letter is the feed's own. */
void feed_notify(struct feed *feed, struct mailbox *box, int kind);
void feed_heard(struct feed *feed);

/**
 * Adds the events above `*after` that match, `most` bytes or a little more, and moves `*after` on.  False if
 * some of them are forgotten already: ask the store.  Any thread.
 */
bool feed_read(struct feed *feed, uint64_t *after, const struct event_filter *filter, size_t most,
               struct events *out);

/** The number of the newest event that was told. */
uint64_t feed_last(struct feed *feed);

/** Up to `number` they have happened, and will be told when they are on disk.  Any thread. */
void feed_expect(struct feed *feed, uint64_t number);
/** The number of the newest event that happened: who follows from now on wants those above it. */
uint64_t feed_expected(struct feed *feed);
