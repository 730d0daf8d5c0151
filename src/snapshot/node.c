/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/node.h"

#include <stdio.h>
#include <string.h>

const struct endpoint_more endpoint_plain = { .name = NULL };

const char *endpoint_name(const struct endpoint *endpoint, char room[ENDPOINT_NAME_SIZE])
{
    struct address address = { .family = ADDRESS_V4 };
    if (endpoint_more(endpoint)->name != NULL)
        return endpoint_more(endpoint)->name;
    if (endpoint_more(endpoint)->hostname != NULL) {
        dns_name_format_wire(endpoint_more(endpoint)->hostname, room);
        return room;
    }
    memcpy(address.bytes, endpoint->ipv4, sizeof endpoint->ipv4);
    if ((endpoint->families & FAMILY_V4) == 0) {
        address.family = ADDRESS_V6;
        memcpy(address.bytes, endpoint_more(endpoint)->ipv6, sizeof endpoint_more(endpoint)->ipv6);
    }
    address_format(&address, room);
    return room;
}
