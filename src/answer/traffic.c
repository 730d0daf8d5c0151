/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/traffic.h"

/* Two letters, 26 of each; whatever is no country is the last one. */
static unsigned country_index(const struct geo *geo, const struct address *client)
{
    const struct location *location = geo_find(geo, client, NULL);
    if (location == NULL)
        return COUNTRY_NONE;
    unsigned first = (unsigned)location->country[0] - 'A';
    unsigned second = first < 26 ? (unsigned)location->country[1] - 'A' : 26;
    return second < 26 ? first * 26 + second : COUNTRY_NONE;
}

/* As many again on average, and so that no rhythm of the queries keeps some out. */
void traffic_sample(struct answerer *answerer, const struct traffic *traffic)
{
    count_one(&answerer->counters->countries[country_index(traffic->geo, traffic->client)]);
    answerer->until_sample = (uint32_t)(rng_next(&answerer->rng) % (2 * COUNTRY_SAMPLE - 1));
}
