/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/model.h"

#include "base/memory.h"
#include "model_parts.h"
#include "schema.h"
#include "service_binding.h"

#include <stdlib.h>
#include <string.h>

/* ---- zones ---- */

void declared_zone_free(struct declared_zone *zone)
{
    if (zone == NULL)
        return;
    for (size_t i = 0; i < zone->record_count; i++)
        free(zone->records[i]);
    free(zone->records);
    free(zone->file);
    free(zone->allow_query);
    free(zone);
}

struct declared_zone *declared_zone_parse(const struct object *object, struct problems *problems)
{
    struct reader reader;
    struct dns_name apex;
    if (!reader_open(object, problems, &reader))
        return NULL;
    struct declared_zone *zone = xcalloc(1, sizeof *zone);
    if (!dns_name_parse(object->name, NULL, &apex))
        reader_refuse(&reader, "\"%s\" is no domain name", object->name);
    shape_read(&reader, &shape_zone, reader.root, zone);
    if (reader_close(&reader))
        return zone;
    declared_zone_free(zone);
    return NULL;
}

/* ---- RRsets ---- */

void declared_rrset_free(struct declared_rrset *rrset)
{
    if (rrset == NULL)
        return;
    for (size_t i = 0; i < rrset->value_count; i++)
        free(rrset->values[i]);
    free(rrset->values);
    free(rrset);
}

struct declared_rrset *declared_rrset_parse(const struct object *object, struct problems *problems)
{
    struct reader reader;
    struct dns_name apex, owner;
    uint16_t type;
    if (!reader_open(object, problems, &reader))
        return NULL;
    struct declared_rrset *rrset = xcalloc(1, sizeof *rrset);
    if (!object_rrset_parse(object->name, &apex, &owner, &type))
        reader_refuse(&reader, "\"%s\" is no name of an RRset as \"example.com/www/A\"", object->name);
    shape_read(&reader, &shape_rrset, reader.root, rrset);
    if (reader_close(&reader))
        return rrset;
    declared_rrset_free(rrset);
    return NULL;
}

/* ---- services ---- */

const char *const all_down_words[] = { "serve_all", "nodata", "servfail", NULL };

static void read_when_all_down(struct reader *reader, const struct field *field, const cJSON *value,
                               void *base)
{
    struct declared_service *service = base;
    (void)field;
    for (unsigned word = 0; all_down_words[word] != NULL; word++) {
        if (cJSON_IsString(value) && strcmp(value->valuestring, all_down_words[word]) == 0) {
            service->when_all_down = (uint8_t)word; /* in the order of enum all_down */
            return;
        }
    }
    const cJSON *target = value;
    size_t before = reader->step_count;
    if (cJSON_IsObject(value) && value->child != NULL && strcmp(value->child->string, "target") == 0 &&
        value->child->next == NULL) {
        target = value->child;
        before = reader_enter(reader, "target");
    }
    service->when_all_down = ALL_DOWN_TARGET;
    if (cJSON_IsString(target) || cJSON_IsObject(target))
        target_read(reader, target, &service->sorry);
    else
        reader_expect(reader, value,
                      "must be \"serve_all\", \"nodata\", \"servfail\" or {\"target\": target}");
    reader_leave(reader, before);
}

static void describe_when_all_down(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out,
              "\"anyOf\": [{ \"enum\": [\"serve_all\", \"nodata\", \"servfail\"] }, { \"type\": \"object\", "
              "\"properties\": { \"target\": { \"$ref\": \"#/$defs/target\" } }, \"required\": "
              "[\"target\"], \"additionalProperties\": false }, { \"$ref\": \"#/$defs/target\" }]");
}

const struct field_type type_when_all_down = { read_when_all_down, describe_when_all_down };

static void free_binding(struct declared_binding *binding)
{
    for (size_t i = 0; i < binding->alpn_count; i++)
        free(binding->alpn[i]);
    for (size_t i = 0; i < binding->mandatory_count; i++)
        free(binding->mandatory[i]);
    free(binding->alpn);
    free(binding->mandatory);
    free(binding->ech);
    free(binding->target);
}

void declared_service_free(struct declared_service *service)
{
    if (service == NULL)
        return;
    declared_target_free(&service->policy);
    declared_target_free(&service->sorry);
    declared_target_free(&service->mx.policy);
    declared_target_free(&service->srv.policy);
    free_binding(&service->https);
    free_binding(&service->svcb);
    free(service);
}

/* The object's name is "zone/owner". */
static void check_owner(struct reader *reader)
{
    const char *name = reader->object->name, *slash = strchr(name, '/');
    struct dns_name apex, owner;
    char *zone = xstrndup(name, slash != NULL ? (size_t)(slash - name) : strlen(name));
    if (slash == NULL || !dns_name_parse(zone, NULL, &apex))
        reader_refuse(reader, "a service is named \"zone/owner\", got \"%s\"", name);
    else if (!dns_name_parse(slash + 1, &apex, &owner))
        reader_refuse(reader, "\"%s\" is no owner name", slash + 1);
    else if (!dns_name_is_within(&owner, &apex))
        reader_refuse(reader, "owner name \"%s\" is not in zone %s", slash + 1, zone);
    free(zone);
}

static bool has_policy(const cJSON *object)
{
    return cJSON_GetObjectItemCaseSensitive(object, "policy") != NULL;
}

/* Without a policy there are no addresses, and names with an order need one of their own. */
static void check_policies(struct reader *reader, const struct declared_service *service)
{
    static const char *const keys[] = { "mx", "srv" };
    bool has_names = false;
    if (!cJSON_IsObject(reader->root) || has_policy(reader->root))
        return;
    for (size_t i = 0; i < 2; i++) {
        const cJSON *names = cJSON_GetObjectItemCaseSensitive(reader->root, keys[i]);
        has_names |= names != NULL;
        if (names != NULL && !has_policy(names)) {
            reader_refuse(reader, "\"policy\" is missing, here or in \"%s\"", keys[i]);
            return;
        }
    }
    if (!has_names || service->https.priority + service->svcb.priority > 0)
        reader_refuse(reader, "\"policy\" is missing");
}

static void read_service(struct reader *reader, struct declared_service *service)
{
    check_owner(reader);
    shape_read(reader, &shape_service, reader->root, service);
    binding_check(reader, "https", &service->https);
    binding_check(reader, "svcb", &service->svcb);
    check_policies(reader, service);
    service->says_ttl = cJSON_GetObjectItemCaseSensitive(reader->root, "ttl") != NULL;
    service->says_min_ttl = cJSON_GetObjectItemCaseSensitive(reader->root, "min_ttl") != NULL;
    if (!service->says_min_ttl) {
        service->min_ttl_s = service->ttl_s / 2;
    } else if (service->min_ttl_s > service->ttl_s) {
        size_t before = reader_enter(reader, "min_ttl");
        reader_refuse(reader, "must not be above the ttl of %u, got %u", service->ttl_s, service->min_ttl_s);
        reader_leave(reader, before);
    }
}

struct declared_service *declared_service_parse(const struct object *object, struct problems *problems)
{
    struct reader reader;
    if (!reader_open(object, problems, &reader))
        return NULL;
    struct declared_service *service = xcalloc(1, sizeof *service);
    read_service(&reader, service);
    if (reader_close(&reader))
        return service;
    declared_service_free(service);
    return NULL;
}

struct declared_service *service_parse_placing(const struct object *object, const struct packed *text,
                                               struct problems *problems, struct value_places *places)
{
    struct reader reader;
    if (!reader_open(object, problems, &reader))
        return NULL;
    struct declared_service *service = xcalloc(1, sizeof *service);
    reader.places = places;
    read_service(&reader, service);
    value_places_number(places, reader.root, text);
    if (reader_close(&reader))
        return service;
    declared_service_free(service);
    return NULL;
}
