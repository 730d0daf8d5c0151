/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/database.h"

/** Makes the tables in an empty file, or brings older ones up to date.  A file that is not ours, or that a
 * newer steerd wrote, is refused untouched. */
bool schema_bring_up_to_date(struct database *db, struct error *err);

/** False for a file that is not ours, that is empty, or that a newer steerd wrote. */
bool schema_check(struct database *db, struct error *err);
