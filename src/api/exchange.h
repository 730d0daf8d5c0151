/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"
#include "config/document.h"

/* Requests to control and what becomes of its answers. */

/** Takes from the request what every write may carry: If-Match, author, `comment`, `dry_run`.  False with a
 * reply if that is wrong. */
bool exchange_prepare_write(struct request *request, struct command *command);

/** Sends the command (taken over); the connection sleeps until it is back, then `then` goes on with
 * request->command. */
void exchange_send(struct request *request, struct command *command, void (*then)(struct request *));

/** True if the command that came back was done; otherwise replies with the reason. */
bool exchange_succeeded(struct request *request);

/** A handler's last step after a write: generation, dry_run, warnings. */
void exchange_reply_written(struct request *request);

/** Scans the body: strict JSON, comments allowed.  False with a 400 replied. */
bool exchange_scan_body(struct request *request, struct document *out);

/** Moves the body, scanned, into the command.  False with a 400 replied. */
bool exchange_give_body(struct request *request, struct command *command);
