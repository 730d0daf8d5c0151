/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/latency_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_asn(const char *text, struct latency_place *out)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long long number = strtoull(text, NULL, 10);
    if (digits == 0 || digits > 10 || text[digits] != '\0' || number == 0 || number > UINT32_MAX)
        return false;
    *out = (struct latency_place){ .level = LATENCY_ASN, .key = (uint32_t)number };
    return true;
}

static bool is_letter(char letter)
{
    return letter >= 'A' && letter <= 'Z';
}

bool latency_place_parse(const char *text, struct latency_place *out)
{
    struct prefix network;
    if (prefix_parse(text, &network)) {
        *out = (struct latency_place){ .level = LATENCY_NETWORK, .network = network };
        return true;
    }
    if (strncmp(text, "AS", 2) == 0 && text[2] != '\0')
        return parse_asn(text + 2, out);
    if (strlen(text) != 2 || !is_letter(text[0]) || !is_letter(text[1]))
        return false;
    const char country[3] = { text[0], text[1], '\0' };
    *out = (struct latency_place){ .level = LATENCY_COUNTRY, .key = latency_country_key(country) };
    return true;
}

void latency_place_format(const struct latency_place *place, char out[LATENCY_PLACE_SIZE])
{
    switch (place->level) {
    case LATENCY_NETWORK: prefix_format(&place->network, out); return;
    case LATENCY_ASN: snprintf(out, LATENCY_PLACE_SIZE, "AS%u", place->key); return;
    case LATENCY_COUNTRY:
    case LATENCY_LEVELS: break;
    }
    snprintf(out, LATENCY_PLACE_SIZE, "%c%c", (char)(place->key >> 8), (char)(place->key & 0xff));
}

void latency_place_of_row(const struct latency_table *table, enum latency_level level, size_t index,
                          struct latency_place *out)
{
    *out = (struct latency_place){ .level = level, .key = table->rows[level][index].key };
    if (level == LATENCY_NETWORK)
        out->network = table->places[index];
}

int latency_place_compare(const struct latency_place *a, const struct latency_place *b)
{
    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    if (a->level != LATENCY_NETWORK)
        return a->key < b->key ? -1 : a->key > b->key;
    int order = a->network.address.family - b->network.address.family;
    return order != 0 ? order : memcmp(a->network.address.bytes, b->network.address.bytes, 16);
}

bool latency_place_meets(const struct latency_place *a, const struct latency_place *b)
{
    if (a->level != b->level)
        return false;
    if (a->level != LATENCY_NETWORK)
        return a->key == b->key;
    return prefix_contains(&a->network, &b->network.address) ||
           prefix_contains(&b->network, &a->network.address);
}
