/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"

#include <stddef.h>

/*
 * A new steerd takes the place of one that runs, without losing a query: the old one hands its DNS sockets
 * over, and both read from them until the new one is ready.
 *
 *     new: ask ─────────────▶ old: ends its API, closes the store; goes on answering
 *     new: ◀── the sockets ── old
 *     new: loads, publishes, serves
 *     new: done ────────────▶ old: ends
 *
 * When the new one ends without a word, the old one opens its store and API again.  They meet at a socket in
 * state_dir; only the same user and root are let in.
 */

/** Waits for those who ask: an fd to poll.  Who opens it must hold the lock on state_dir. */
bool takeover_open(const char *state_dir, int *out, struct error *err);
void takeover_close(const char *state_dir, int fd);

/** Somebody is there: a connection, or -1 if it is nobody who may take over.  Only who was started from the
 * same configuration file may: another one has this state_dir by mistake. */
int takeover_accept(int fd, const char *config);
/** Gives the sockets away (they stay ours as well). */
bool takeover_give(int connection, const int *sockets, size_t count, struct error *err);
/** What came from the other side: true if it is ready, false if it is gone. */
bool takeover_is_done(int connection);

struct takeover {
    int connection; /* -1: nobody is asked */
    int *sockets;   /* owned */
    size_t count;
};
/** Takes the sockets that the service manager opened for us and keeps while we are away (sd_listen_fds(3));
 * there may be none. */
void takeover_passed(struct takeover *out);
/** True if somebody runs on state_dir who could be asked. */
bool takeover_is_possible(const char *state_dir);
/** Asks whoever runs on state_dir; nobody there is no error. Adds to `out`.  Blocks until the sockets have
 * come. */
bool takeover_ask(const char *state_dir, const char *config, struct takeover *out, struct error *err);
/** We serve: the other one may end. */
void takeover_done(struct takeover *takeover);
/** We cannot: the other one goes on.  Frees. */
void takeover_free(struct takeover *takeover);
