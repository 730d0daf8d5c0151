/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "value_places.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void value_places_add(struct value_places *places, enum place_kind kind, const cJSON *value, void *at)
{
    if (places->count == places->room) {
        places->room = places->room == 0 ? 16 : places->room * 2;
        places->items = xrealloc(places->items, places->room, sizeof *places->items);
    }
    places->items[places->count++] = (struct value_place){ .kind = kind, .at = at, .value = value };
}

void value_places_free(struct value_places *places)
{
    free(places->items);
    *places = (struct value_places){ 0 };
}

/* ---- numbering ---- */

/* Plain values in the order of the text; the tree has the same order. */
struct numbering {
    struct value_places *places;
    struct packed_value value; /* the next one of the text */
    bool is_left;              /* there is one */
};

static bool is_number(const char *text, double number)
{
    double digits = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        digits = digits * 10 + (*text - '0');
    return *text == '\0' && digits == fabs(number); /* the sign is part of the form */
}

static bool stands_for(const struct packed_value *value, const cJSON *leaf)
{
    char text[PACKED_VALUE_SIZE];
    size_t size = packed_value_text(value, text);
    if (cJSON_IsNumber(leaf))
        return is_number(text, leaf->valuedouble);
    return strlen(leaf->valuestring) == size && memcmp(leaf->valuestring, text, size) == 0;
}

static void give_number(struct numbering *numbering, const cJSON *leaf)
{
    struct value_places *places = numbering->places;
    for (size_t i = 0; i < places->count; i++) {
        if (places->items[i].value == leaf)
            places->items[i].number = numbering->value.number;
    }
}

static bool number_leaves(struct numbering *numbering, const cJSON *value)
{
    if (!cJSON_IsNumber(value) && !cJSON_IsString(value)) {
        const cJSON *child = value->child;
        while (child != NULL && number_leaves(numbering, child))
            child = child->next;
        return child == NULL;
    }
    if (!numbering->is_left || !stands_for(&numbering->value, value))
        return false;
    give_number(numbering, value);
    numbering->is_left = packed_next(&numbering->value);
    return true;
}

static int compare_places(const void *left, const void *right)
{
    const struct value_place *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

/* Each leaf takes one value, and no value is left: were one leaf more than a value, a later one would have
 * none. */
void value_places_number(struct value_places *places, const cJSON *root, const struct packed *text)
{
    struct numbering numbering = { .places = places };
    numbering.is_left = packed_first(text, &numbering.value);
    places->are_numbered = number_leaves(&numbering, root) && !numbering.is_left;
    if (places->count > 1)
        qsort(places->items, places->count, sizeof *places->items, compare_places);
}
