/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/name.h"

/*
 * The lines that most of a large zone file consists of: `name [TTL] [IN] A|AAAA address`, nothing else, on a
 * line of its own.  Whoever recognises such a line with certainty need not ask the scanner.
 */
struct zone_line {
    uint8_t name[DNS_NAME_SIZE_MAX]; /* its labels, lowercase */
    uint8_t name_size;
    bool is_absolute; /* ended with a dot */
    bool has_ttl;
    uint32_t ttl_s;
    uint16_t type;
    uint8_t rdata[16];
    uint8_t rdata_size;
};

/**
 * The line that starts at `at`, where a line end is still to come.  Returns its bytes with the line end, 0
 * for any other line, good or bad (`out` is then undefined).
 */
size_t zone_line_read(const char *at, struct zone_line *out);
