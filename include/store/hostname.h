/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/resolved.h"

/*
 * What a hostname resolved to, as the store keeps it: `wall_ms` says when the name servers answered, or when
 * they did so first with these addresses; `is_stale` that they have failed since.  Without addresses: forget
 * the row.
 */
void store_hostnames_free(struct known_name *names, size_t count);

/** When the addresses of a stored row were last confirmed: one that is not stale was asked for again whenever
 * its TTL was over, up to `seen_ms` (wall time). */
int64_t store_hostname_confirmed_ms(const struct known_name *name, int64_t seen_ms);
