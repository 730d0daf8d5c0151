/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/traffic.h"

#include "answer/count.h"

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

void traffic_count(struct answer_counters *counters, const struct traffic *traffic)
{
    count_one(&counters->steered);
    if (traffic->lead_slot < SERVED_ROOM && counters->served != NULL)
        count_one(&counters->served[traffic->lead_slot]);
    if (traffic->service->id < SERVED_ROOM && counters->services != NULL)
        count_one(&counters->services[traffic->service->id]);
    if (traffic->is_degraded)
        count_one(&counters->steered_degraded);
    /* Where a client is takes a lookup, which most answers can do without: a sample of them is located.  The
     * highest bits: policies draw with the lower ones. */
    if (traffic->random >> 58 == 0)
        count_one(&counters->countries[country_index(traffic->client)]);
}
