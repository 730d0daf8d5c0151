/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "base/mailbox.h"
#include "control/control.h"

#include <stdatomic.h>

/* One webhook: its thread delivers in order, one at a time. */
struct webhook;

enum { WEBHOOK_QUEUE_MOST = 1000, WEBHOOK_TRIES = 10, WEBHOOK_SECRET_MOST = 256 };

/** `secret` NULL: not signed.  Both are copied. */
bool webhook_start(const char *url, const char *secret, struct webhook **out, struct error *err);
void webhook_stop(struct webhook *webhook);

/** Queues a body (taken over); drops it if too many wait.  Any thread; never blocks. */
void webhook_post(struct webhook *webhook, char *body, const char *kind);

/** Adds its figures. */
void webhook_count(const struct webhook *webhook, struct webhook_counters *sum);

/** "t=1700000000,v1=…": the caller frees it. */
char *webhook_sign(const char *secret, int64_t unix_s, const char *body);

/** What may be said of it in a log: scheme, host and port.  The path or the user may be the key to the door,
 * as many services have it.  The caller frees it. */
char *webhook_name(const char *url);
