/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/settings.h"
#include "control/control.h"
#include "store/event.h"

/*
 * Tells webhooks of events: one thread and one bounded queue each, so that a slow one stops nobody.
 *
 * POST, body: the event as in GET /v1/events.  With a secret: "Steerd-Signature: t=<unix seconds>,v1=<hex>",
 * HMAC-SHA256 over "<t>.<body>".  Whatever is no 2xx is tried again, later and later, in order; after the
 * last try the event is given up.
 */
struct webhooks;

/** Says what is wrong with the settings: kinds that do not exist, secrets that cannot be read. */
bool webhooks_check(const struct settings *settings, struct problems *problems);

/** Starts one thread a webhook; NULL in `out` if there are none. */
bool webhooks_start(const struct settings *settings, struct webhooks **out, struct error *err);
/** Ends at once: what waits is given up, it is in the store. */
void webhooks_stop(struct webhooks *webhooks);

/** Queues those events that are wanted.  Never blocks; NULL is a no-op. */
void webhooks_tell(struct webhooks *webhooks, const struct events *events);

void webhooks_count(const struct webhooks *webhooks, struct webhook_counters *out);
