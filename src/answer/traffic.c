/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/traffic.h"

/* Two letters, 26 of each; whatever is no country is the last one. */
static unsigned country_index(const struct client *client)
{
    const struct location *location = geo_find(client->geo, &client->address, NULL);
    if (location == NULL)
        return COUNTRY_NONE;
    unsigned first = (unsigned)location->country[0] - 'A';
    unsigned second = first < 26 ? (unsigned)location->country[1] - 'A' : 26;
    return second < 26 ? first * 26 + second : COUNTRY_NONE;
}

void traffic_count_country(struct answer_counters *counters, const struct client *client)
{
    count_one(&counters->countries[country_index(client)]);
}
