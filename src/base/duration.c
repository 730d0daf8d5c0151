/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/duration.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint64_t ms;
} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } };

#define MOST_MS (UINT64_C(365) * 86400000)

bool duration_parse(const char *text, uint64_t *out_ms)
{
    if (!isdigit((unsigned char)text[0]))
        return false;
    uint64_t value = 0;
    for (; isdigit((unsigned char)*text); text++) {
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > MOST_MS)
            return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) != 0)
            continue;
        if (value * units[i].ms > MOST_MS)
            return false;
        *out_ms = value * units[i].ms;
        return true;
    }
    return false;
}

void duration_format(uint64_t ms, char out[DURATION_TEXT_SIZE])
{
    size_t i = 0;
    while (i < sizeof units / sizeof *units - 1 && (ms == 0 || ms % units[i].ms != 0))
        i++;
    if (ms == 0)
        i = 3;
    snprintf(out, DURATION_TEXT_SIZE, "%llu%s", (unsigned long long)(ms / units[i].ms), units[i].name);
}
