/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/object.h"

#include "base/memory.h"
#include "cli/client.h"

#include <stdlib.h>
#include <string.h>

#define SERVICES "services"

static const struct {
    const char *many, *one;
} kinds[] = {
    { "checks", "check" },       { "pools", "pool" }, { "policies", "policy" }, { "maps", "map" },
    { "locations", "location" }, { "zones", "zone" }, { SERVICES, "service" },
};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)

/* Takes the first part of "pools/us": its kind in the plural; `rest` gets what follows the slash, or "". */
static const char *take_kind(const char *name, const char **rest, struct error *err)
{
    size_t size = strcspn(name, "/");
    *rest = name + size + (name[size] == '/');
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const char *many = kinds[i].many, *one = kinds[i].one;
        if ((strlen(many) == size && strncmp(many, name, size) == 0) ||
            (strlen(one) == size && strncmp(one, name, size) == 0))
            return many;
    }
    error_set(err,
              "\"%s\": nothing is called so; there are checks/NAME, pools/NAME, policies/NAME, maps/NAME, "
              "locations/NAME, zones/APEX, services/APEX/OWNER and config",
              name);
    return NULL;
}

static char *path_of_service(const char *zone_and_owner)
{
    struct text path = { 0 };
    size_t zone_size = strcspn(zone_and_owner, "/");
    char *zone = xstrndup(zone_and_owner, zone_size);
    text_puts(&path, "/v1/zones/");
    client_add_escaped(&path, zone);
    text_puts(&path, "/services");
    free(zone);
    if (zone_and_owner[zone_size] == '/') {
        text_puts(&path, "/");
        client_add_escaped(&path, zone_and_owner + zone_size + 1);
    }
    return text_take(&path);
}

char *object_path(const char *name, struct error *err)
{
    const char *rest;
    if (strcmp(name, "config") == 0)
        return xstrdup("/v1/config");
    const char *kind = take_kind(name, &rest, err);
    if (kind == NULL)
        return NULL;
    const char *slash = strchr(rest, '/');
    if (rest[0] == '\0' || (strcmp(kind, SERVICES) == 0 && (slash == NULL || slash[1] == '\0'))) {
        error_set(err, "\"%s\" is no single object; steerctl list %s shows what there is", name, name);
        return NULL;
    }
    if (strcmp(kind, SERVICES) == 0)
        return path_of_service(rest);
    struct text path = { 0 };
    text_printf(&path, "/v1/%s/", kind);
    client_add_escaped(&path, rest);
    return text_take(&path);
}

char *object_list_path(const char *name, struct error *err)
{
    const char *rest;
    const char *kind = take_kind(name, &rest, err);
    if (kind == NULL)
        return NULL;
    bool is_services = strcmp(kind, SERVICES) == 0;
    if (is_services ? rest[0] == '\0' : rest[0] != '\0') {
        error_set(err,
                  is_services ? "services are listed by zone: services/example.com"
                              : "\"%s\" is no list; steerctl get shows a single object",
                  name);
        return NULL;
    }
    return is_services ? path_of_service(rest) : xasprintf("/v1/%s", kind);
}

char *object_list_path_of_zone(const char *apex)
{
    return path_of_service(apex);
}
