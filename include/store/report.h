/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The last report about an endpoint under a push check. */
struct store_report {
    char *endpoint; /* "us/us-east-1" */
    char *check;
    int64_t wall_ms; /* when it came */
    uint32_t ttl_ms; /* its own time to live; 0: the check's */
};
void store_reports_free(struct store_report *reports, size_t count);
