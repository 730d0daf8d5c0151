/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "snapshot/geo.h"

/**
 * Reads MaxMind-format databases (GeoIP2, GeoLite2, DB-IP, flat schemas with `country_code`) and merges them
 * into one table; what a later file knows wins over an earlier one, field by field, but where they disagree
 * on the country, what is finer than the country is the later one's alone.  The files are read into memory,
 * never kept mapped.  Aliases of IPv4 inside the IPv6 tree are passed over, special-purpose prefixes get no
 * location.  Without files there is no table: `*out` is NULL.  False: `err` names the file.  Any bytes are
 * survived. Compiler thread; takes about a tenth of a second for a country database.
 */
bool mmdb_load(char *const *paths, size_t count, struct geo **out, struct error *err);
