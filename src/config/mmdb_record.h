/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/mmdb_file.h"
#include "snapshot/geo.h"

/**
 * Reads a data record in any of the known layouts: GeoIP2, GeoLite2 and DB-IP nest ("country": {"iso_code"}),
 * others are flat ("country_code").  What is absent or makes no sense as such stays unknown.  False: the
 * bytes make no sense.
 */
bool mmdb_record_read(struct mmdb_file *file, size_t at, struct location *out);
