/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/packed.h"

#include <cjson/cJSON.h>

#include <stdbool.h>

/*
 * Where values of an object's text went in what was parsed of it: in an object written alike only these need
 * be read.  Noted are values that a new text may change without anything else changing.
 */
enum place_kind {
    PLACE_IPV4, /* of an inline endpoint */
    PLACE_IPV6, /* the same */
    PLACE_NAME, /* of a target */
};

struct value_place {
    enum place_kind kind;
    void *at;           /* struct declared_endpoint, or struct declared_target */
    const cJSON *value; /* while it is being parsed, */
    size_t number;      /* and afterwards: which one of the packed text's values it is */
};

/* Zero-initialised is empty. */
struct value_places {
    struct value_place *items;
    size_t count, room;
    bool are_numbered;
};

void value_places_add(struct value_places *places, enum place_kind kind, const cJSON *value, void *at);
/** Numbers the places, which then ascend; `root` is what was parsed.  Not if the packed text has values that
 * do not plainly stand for the parsed ones, as "1e5" or strings with escapes. */
void value_places_number(struct value_places *places, const cJSON *root, const struct packed *text);
void value_places_free(struct value_places *places);
