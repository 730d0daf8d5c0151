/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/* ISO 3166-1 alpha-2 codes (and XK, which databases use for Kosovo), the continent in the sense of the
 * common databases, and a point near the middle of where people are. */
struct country {
    char code[3];
    char continent[3];
    float latitude, longitude;
};

extern const struct country countries[]; /* sorted by code */
extern const size_t country_count;
