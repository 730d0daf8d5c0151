/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nearest: by great-circle distance from the client, as scaled by each target's bias; without the client's
 * location in the written order.
 */
#include "policy/policy.h"

#include <math.h>

#define RADIAN  0.017453292f
#define UNKNOWN 1e9f /* beyond any distance, bias included (20,016 km × 100) */

/* Kilometres on the sphere (haversine formula); single precision is exact to some metres. */
static float distance_km(const struct coordinates *a, const struct coordinates *b)
{
    float half_lat = sinf((b->latitude - a->latitude) * RADIAN / 2);
    float half_lon = sinf((b->longitude - a->longitude) * RADIAN / 2);
    float cosines = cosf(a->latitude * RADIAN) * cosf(b->latitude * RADIAN);
    float h = half_lat * half_lat + cosines * half_lon * half_lon;
    return 2 * 6371.0f * asinf(sqrtf(h < 1 ? h : 1)); /* rounding may lift it above 1 */
}

/* Amazon Route 53's rule for geoproximity: a positive bias draws more clients, a negative one fewer. */
static float biased(float distance, int bias)
{
    float part = (float)bias / 100;
    return bias >= 0 ? distance * (1 - part) : distance / (1 + part);
}

/* Where the client is, if that is known; the scope is written in any case. */
static bool find_client(const struct client *client, struct coordinates *at, struct choice *out)
{
    if (client->geo == NULL)
        return false;
    out->depends_on_client = true;
    return geo_find_point(client->geo, &client->address, at, &out->scope_len);
}

static float length_of_way(const struct candidates *from, uint16_t ordinal, const struct coordinates *client)
{
    struct coordinates at = candidates_coordinates(from, ordinal, client);
    return at.is_known ? biased(distance_km(client, &at), from->node->children[ordinal].bias) : UNKNOWN;
}

static void nearest_choose(const struct candidates *from, const struct client *client,
                           const struct draw *draw, uint16_t most, struct choice *out)
{
    (void)draw;
    struct coordinates client_at;
    bool is_located = find_client(client, &client_at, out);
    float ways[CHOICE_MAX];
    uint16_t room = most < CHOICE_MAX ? most : CHOICE_MAX;
    for (uint16_t i = 0; i < from->list->count && (is_located || out->count < room); i++) {
        uint16_t ordinal = from->list->index[i];
        float way = is_located ? length_of_way(from, ordinal, &client_at) : UNKNOWN;
        uint16_t place = out->count; /* sort it in: behind its equals, so that the written order decides */
        while (place > 0 && ways[place - 1] > way)
            place--;
        if (place == room)
            continue;
        if (out->count < room)
            out->count++;
        for (uint16_t behind = (uint16_t)(out->count - 1); behind > place; behind--) {
            ways[behind] = ways[behind - 1];
            out->index[behind] = out->index[behind - 1];
        }
        ways[place] = way;
        out->index[place] = ordinal;
    }
    out->reason = is_located ? "nearest to the client"
                             : "the client's location is unknown: the first in the written order";
}

const struct policy policy_nearest = { .name = "nearest", .answers = 1, .choose = nearest_choose };
