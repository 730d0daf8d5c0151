/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/database.h"
#include "store/pace.h"

/** Replaces the rows of these endpoints; an empty one goes. */
bool paces_put(struct database *db, const struct store_pace *paces, size_t count, struct error *err);
/** All of them, in no order. */
bool paces_read(struct database *db, struct store_pace **out, size_t *count, struct error *err);
