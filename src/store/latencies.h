/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/database.h"
#include "store/latency.h"

bool latencies_put(struct database *db, const struct store_latency *rows, size_t count, struct error *err);
/** All of them; rows of another form are passed over. */
bool latencies_read(struct database *db, struct store_latency **out, size_t *count, struct error *err);
