/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/zone_data.h"
#include "config/zone_records.h"

/* Master file syntax, by libzscanner. */

/** Reads `part` of `data`, and the parts that it includes, into `records`; what it says comes from `origin`.
 * Errors are noted. */
void zone_scan(struct zone_records *records, const struct dns_name *apex, const struct zone_data *data,
               const struct zone_data_part *part, uint32_t origin);

/** The same for a text that includes nothing. */
void zone_scan_text(struct zone_records *records, const struct dns_name *apex, const char *text, size_t size,
                    uint32_t origin);

/** False if there is no $INCLUDE in the text for sure: a quick look. */
bool zone_scan_may_include(const char *text, size_t size);
/** Tells of every $INCLUDE, with the file as written.  Whatever is wrong is left to the reading proper. */
void zone_scan_includes(const char *text, size_t size,
                        void (*found)(void *context, const char *written, unsigned line), void *context);
