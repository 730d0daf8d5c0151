/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/settings.h"
#include "snapshot/geo.h"

#include <stdbool.h>

/* Watches the GeoIP databases and loads them when they change. */
struct databases;

struct databases *databases_new(const struct settings *settings);
void databases_free(struct databases *databases);

/** True if a file differs (size, time, inode) from the last load, also a failed one: a bad file is tried
 * once. */
bool databases_have_changed(const struct databases *databases);
/** Loads all files; on failure logs why and returns NULL with `is_good` false, and the old table should stay.
 * NULL with `is_good` true: none is configured. */
struct geo *databases_load(struct databases *databases, bool *is_good);
