/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/name_servers.h"

#include "base/text.h"

char *name_servers_of(const struct settings *settings)
{
    struct text servers = { 0 };
    for (size_t i = 0; i < settings->resolver_server_count; i++) {
        const struct settings_listen *server = &settings->resolver_servers[i];
        char address[ADDRESS_TEXT_SIZE];
        bool is_v6 = server->address.family == ADDRESS_V6;
        address_format(&server->address, address);
        text_printf(&servers, "%s%s%s%s:%u", i > 0 ? "," : "", is_v6 ? "[" : "", address, is_v6 ? "]" : "",
                    server->port);
    }
    return servers.bytes != NULL ? text_take(&servers) : NULL;
}
