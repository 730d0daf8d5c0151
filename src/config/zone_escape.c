/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_escape.h"

#include <stdbool.h>
#include <string.h>

#define OCTET_MAX 255

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Of the escape at `at`: its number, or 0 if it is of a character. */
static int number_of(const char *at, const char *end)
{
    if (end - at < 4 || !is_digit(at[1]) || !is_digit(at[2]) || !is_digit(at[3]))
        return 0;
    return 100 * (at[1] - '0') + 10 * (at[2] - '0') + (at[3] - '0');
}

const char *zone_escape_find_wrong(const char *from, const char *end)
{
    if (from >= end || memchr(from, '\\', (size_t)(end - from)) == NULL)
        return NULL;
    bool is_quoted = false, is_comment = false;
    for (const char *at = from; at < end; at++) {
        if (*at == '\n')
            is_quoted = is_comment = false;
        else if (is_comment)
            continue;
        else if (*at == '"')
            is_quoted = !is_quoted;
        else if (*at == ';' && !is_quoted)
            is_comment = true;
        else if (*at == '\\' && number_of(at, end) > OCTET_MAX)
            return at;
        else if (*at == '\\')
            at++; /* the next one stands for itself */
    }
    return NULL;
}
