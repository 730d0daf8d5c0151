/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/database.h"
#include "store/report.h"

/** Replaces the rows of these endpoints and checks. */
bool reports_put(struct database *db, const struct store_report *reports, size_t count, struct error *err);
/** Forgets those of an endpoint. */
bool reports_delete(struct database *db, const char *endpoint, struct error *err);
/** All of them, in no order. */
bool reports_read(struct database *db, struct store_report **out, size_t *count, struct error *err);
