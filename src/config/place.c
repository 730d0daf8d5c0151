/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/place.h"

#include <string.h>

bool place_accept_continent(const char *text, struct error *err)
{
    static const char codes[][3] = { "AF", "AN", "AS", "EU", "NA", "OC", "SA" };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(text, codes[i]) == 0)
            return true;
    }
    return error_set(err, "must be one of AF, AN, AS, EU, NA, OC, SA");
}

static bool is_country(const char *text, size_t size)
{
    char code[3] = "";
    if (size != 2)
        return false;
    memcpy(code, text, 2);
    return geo_continent_of(code) != NULL;
}

bool place_accept_country(const char *text, struct error *err)
{
    const char *meant = geo_country_meant(text);
    if (is_country(text, strlen(text)))
        return true;
    error_set(err, "must be the two-letter code of a country in capitals, such as \"%s\"",
              meant != NULL ? meant : "DE");
    return false;
}

bool place_accept_subdivision(const char *text, struct error *err)
{
    size_t size = strlen(text);
    bool is_good = size >= 4 && size <= 6 && text[2] == '-' && is_country(text, 2);
    for (size_t i = 3; i < size && is_good; i++)
        is_good = (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9');
    return is_good || error_set(err, "must be the code of a subdivision with its country, such as \"US-CA\"");
}
