/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/problems.h"
#include "dns/name.h"
#include "snapshot/zone.h"

/*
 * Master files (RFC 1035 §5) by libzscanner into a zone edit.  The text stands alone: what it includes is
 * part of it, or $INCLUDE is refused.
 */
struct zone_source {
    const char *file; /* name for messages, e.g. "zones/example.com.zone" */
    const char *text;
    size_t size;
};

/**
 * Puts all records of `source` into `edit`.  Refused, with file, line and what to do: syntax errors, records
 * out of zone, a class other than IN, CNAME beside other data, more than one SOA.  Different TTLs in one
 * RRset: the lowest, with a warning (RFC 2181 §5.2).  Records without a TTL before any $TTL get an hour. What
 * a zone must have as a whole (SOA, NS, glue) is the compiler's to check.  False if there were errors: `edit`
 * is then to be abandoned.
 */
bool zone_source_read(const struct zone_source *source, const struct dns_name *apex, struct zone_edit *edit,
                      struct problems *problems);
