/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "base/error.h"

#include <stdint.h>

/* In order of how specific they are; `default` least. */
enum geo_rule_kind {
    GEO_PREFIX,
    GEO_MAP,
    GEO_ASN,
    GEO_CITY_IN_COUNTRY,
    GEO_CITY,
    GEO_SUBDIVISION,
    GEO_COUNTRY,
    GEO_CONTINENT,
    GEO_DEFAULT,
    GEO_KINDS,
};

#define GEO_KEY_SIZE 144

/* A key of a geo map, understood. */
struct geo_rule {
    enum geo_rule_kind kind;
    struct prefix prefix;   /* GEO_PREFIX */
    char key[GEO_KEY_SIZE]; /* in one spelling, so that equal rules have equal keys */
};

/** False: `err` says how to write it. */
bool geo_rule_parse(const char *text, struct geo_rule *out, struct error *err);

struct location;
/** The key that a rule of this kind (other than GEO_PREFIX) has if it is about `location`; false if the
 * location says nothing of the kind. */
bool geo_rule_key_of(enum geo_rule_kind kind, const struct location *location, char out[GEO_KEY_SIZE]);
