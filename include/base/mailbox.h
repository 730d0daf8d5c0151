/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Messages from any thread to one: the only way threads speak to each other beside the snapshot.  A
 * message is a struct that starts with a `struct letter`; who takes it owns it.  The mutex inside is
 * held for a few instructions, never across a call.
 */
struct letter {
    struct letter *next;
    int kind; /* the receiver's enumeration */
};

struct mailbox;

struct mailbox *mailbox_new(void);
void mailbox_free(struct mailbox *box); /* must be empty: letters belong to who can free them */

/** Any thread; never blocks, never fails. */
void mailbox_post(struct mailbox *box, struct letter *letter);

/** Takes all that is there, oldest first (follow `next`), or NULL.  The owner only. */
struct letter *mailbox_take(struct mailbox *box);

/** How many are there.  The owner only. */
size_t mailbox_count(struct mailbox *box);

/**
 * Takes all that is there once it is `count` letters, or when the time is over: then maybe none.  The letters
 * between the first and the last do not wake the owner, who may come back sooner than that.  The owner only.
 */
struct letter *mailbox_gather(struct mailbox *box, size_t count, int timeout_ms);

/** Waits until something is there or the time is over; -1 waits for ever.  The owner only. */
bool mailbox_wait(struct mailbox *box, int timeout_ms);

/** Readable (level-triggered) while something may be there: for the owner's epoll. */
int mailbox_fd(const struct mailbox *box);
