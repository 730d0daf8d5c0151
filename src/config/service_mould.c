/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "service_mould.h"

#include "base/memory.h"
#include "config/plans.h"
#include "model_parts.h"
#include "value_places.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOULDS_MOST 64 /* a power of two; forms that share a place take turns */

struct mould {
    const struct packed *text; /* what the service says now; NULL: there is none */
    struct declared_service *service;
    uint32_t ttl_s, min_ttl_s; /* as its text says */
    struct value_places places;
};

struct service_moulds {
    struct mould by_form[MOULDS_MOST];
    struct mould single; /* the last one that is not to be filled */
};

static void empty(struct mould *mould)
{
    declared_service_free(mould->service);
    value_places_free(&mould->places);
    *mould = (struct mould){ 0 };
}

struct service_moulds *service_moulds_new(void)
{
    return xcalloc(1, sizeof(struct service_moulds));
}

void service_moulds_free(struct service_moulds *moulds)
{
    if (moulds == NULL)
        return;
    for (size_t i = 0; i < MOULDS_MOST; i++)
        empty(&moulds->by_form[i]);
    empty(&moulds->single);
    free(moulds);
}

/* ---- filling ---- */

static bool read_address(const struct packed_value *value, const char *text, uint8_t family, uint8_t *out,
                         size_t size)
{
    const uint8_t *ipv4 = packed_value_ipv4(value);
    struct address address;
    if (ipv4 == NULL && !address_parse(text, &address))
        return false;
    if ((ipv4 != NULL ? ADDRESS_V4 : address.family) != family)
        return false;
    memcpy(out, ipv4 != NULL ? ipv4 : address.bytes, size);
    return true;
}

static bool fill_address(const struct value_place *place, const struct packed_value *value, const char *text)
{
    struct declared_endpoint *endpoint = place->at;
    bool is_v4 = place->kind == PLACE_IPV4;
    bool is_good = is_v4 ? read_address(value, text, ADDRESS_V4, endpoint->ipv4, sizeof endpoint->ipv4)
                         : read_address(value, text, ADDRESS_V6, endpoint->ipv6, sizeof endpoint->ipv6);
    if (is_good && (is_v4 || (endpoint->families & FAMILY_V4) == 0))
        strcpy(endpoint->name, text); /* an inline endpoint is called by its address */
    return is_good;
}

static bool fill(const struct value_place *place, const struct packed_value *value)
{
    char text[PACKED_VALUE_SIZE];
    struct declared_target *target = place->at;
    size_t size = packed_value_text(value, text);
    if (size >= VALUE_TEXT_SIZE || strlen(text) != size)
        return false;
    if (place->kind != PLACE_NAME)
        return fill_address(place, value, text);
    if (!name_accept(text, NULL))
        return false;
    strcpy(target->name, text);
    return true;
}

/* Only what differs from what stands there is read.  False: the text is to be parsed. */
static bool fill_mould(struct mould *mould, const struct packed *text)
{
    const struct value_place *place = mould->places.items, *end = place + mould->places.count;
    struct packed_value value, now;
    bool is_left = packed_first(text, &value) && packed_first(mould->text, &now);
    for (; is_left; is_left = packed_next(&value) && packed_next(&now)) {
        while (place < end && place->number < value.number)
            place++;
        if (packed_value_is_same(&value, &now))
            continue;
        if (place == end || place->number != value.number || !fill(place, &value))
            return false;
    }
    mould->text = text;
    mould->service->ttl_s = mould->ttl_s;
    mould->service->min_ttl_s = mould->min_ttl_s;
    return true;
}

/* ---- making ---- */

/* Room for any value that is put there later. */
static void widen(struct value_place *place)
{
    struct declared_endpoint *endpoint = place->at;
    struct declared_target *target = place->at;
    char **name = place->kind == PLACE_NAME ? &target->name : &endpoint->name;
    *name = xrealloc(*name, 1, strlen(*name) + VALUE_TEXT_SIZE);
}

static void give_parts(const struct declared_target *target)
{
    if (target->kind != TARGET_NODE)
        return;
    target->node->parts = node_parts_new(target->node);
    for (size_t i = 0; i < target->node->count; i++)
        give_parts(&target->node->children[i].to);
}

static void give_all_parts(const struct declared_service *service)
{
    give_parts(&service->policy);
    give_parts(&service->sorry);
    give_parts(&service->mx.policy);
    give_parts(&service->srv.policy);
}

static struct declared_service *make(struct mould *mould, const struct object *object,
                                     const struct packed *packed, struct problems *problems)
{
    empty(mould);
    mould->service = service_parse_placing(object, packed, problems, &mould->places);
    if (mould->service == NULL || !mould->places.are_numbered)
        return mould->service;
    for (size_t i = 0; i < mould->places.count; i++)
        widen(&mould->places.items[i]);
    give_all_parts(mould->service);
    mould->text = packed;
    mould->ttl_s = mould->service->ttl_s;
    mould->min_ttl_s = mould->service->min_ttl_s;
    return mould->service;
}

static struct mould *mould_of(struct service_moulds *moulds, const struct packed *packed)
{
    uintptr_t form = (uintptr_t)packed->form;
    return &moulds->by_form[(form >> 4 ^ form >> 10) & (MOULDS_MOST - 1)];
}

struct declared_service *service_moulds_take(struct service_moulds *moulds, const struct object *object,
                                             const struct packed *packed, bool is_named,
                                             struct problems *problems)
{
    if (packed == NULL) {
        empty(&moulds->single);
        moulds->single.service = declared_service_parse(object, problems);
        return moulds->single.service;
    }
    struct mould *mould = mould_of(moulds, packed);
    bool is_of_form = mould->text != NULL && mould->text->form == packed->form;
    if (is_of_form && is_named && fill_mould(mould, packed))
        return mould->service;
    return make(mould, object, packed, problems);
}
