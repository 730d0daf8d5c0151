/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"
#include "config/document.h"

/* Requests to control and what becomes of its answers. */

/** Takes from the request what every write may carry: If-Match, If-None-Match, author, `comment`, `dry_run`.
 * False with a reply if that is wrong. */
bool exchange_prepare_write(struct request *request, struct command *command);

/** Sends the command (taken over; an item of a batch only keeps it); the connection sleeps until it is back,
 * then `then` goes on with request->command. */
void exchange_send(struct request *request, struct command *command, void (*then)(struct request *));

/** True if the command that came back was done; otherwise replies with the reason. */
bool exchange_succeeded(struct request *request);

/** A handler's last step after a write: generation, dry_run, warnings. */
void exchange_reply_written(struct request *request);

/** 412: the configuration is at another generation than `if_match`; the command that came back says at which.
 */
void exchange_reply_stale(struct request *request, uint64_t if_match);

/** A command that reads one object. */
struct command *exchange_read_object(enum object_kind kind, const char *name);

/** Where in the whole configuration the body of this command belongs ("/pools/us/endpoints/a"), "" for all
 * else.  The caller frees it. */
char *exchange_pointer_of(const struct command *command);

/** Scans the body: strict JSON, comments allowed.  False with a 400 replied. */
bool exchange_scan_body(struct request *request, struct document *out);

/** Moves the body, scanned, into the command.  False with a 400 replied. */
bool exchange_give_body(struct request *request, struct command *command);
