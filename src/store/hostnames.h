/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/database.h"
#include "store/hostname.h"

/** Replaces the rows of these names; one without addresses goes. */
bool hostnames_put(struct database *db, const struct known_name *names, size_t count, struct error *err);
/** All of them, in no order. */
bool hostnames_read(struct database *db, struct known_name **out, size_t *count, struct error *err);
