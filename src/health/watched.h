/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/mailbox.h"
#include "health/resolver.h"

/* Hostnames whose addresses are answered to clients: each answer about them becomes a report. */
struct watched;

struct watched *watched_new(struct resolver *resolver, struct mailbox *reports);
void watched_free(struct watched *watched); /* before the resolver is closed */

/** Reports the addresses of `hostname` under `id` from now on; NULL: no longer. */
void watched_set(struct watched *watched, uint32_t id, const char *hostname);
