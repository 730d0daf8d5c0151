/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/database.h"
#include "store/store.h"

bool overrides_put(struct database *db, const char *key, const struct override *override, struct error *err);
bool overrides_delete(struct database *db, const char *key, struct error *err);
/** All of them, sorted by key, also those that have expired meanwhile: what that means is control's to say.
 */
bool overrides_read(struct database *db, struct store_override **out, size_t *count, struct error *err);
