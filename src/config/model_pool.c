/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/model.h"

#include "base/memory.h"
#include "base/suggest.h"
#include "model_parts.h"
#include "schema.h"
#include "snapshot/geo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHILDREN_MAX UINT16_MAX /* ordinals have 16 bits */

/* ---- endpoints ---- */

void declared_endpoint_free(struct declared_endpoint *endpoint)
{
    free(endpoint->name);
    free(endpoint->hostname);
    for (size_t i = 0; i < endpoint->check_count; i++)
        free(endpoint->checks[i]);
}

static bool read_address(struct reader *reader, const cJSON *value, uint8_t family, struct address *out)
{
    if (cJSON_IsString(value) && address_parse(value->valuestring, out) && out->family == family)
        return true;
    return reader_expect(reader, value, "must be an IPv%d address", family);
}

static void read_ipv4(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    struct declared_endpoint *endpoint = base;
    struct address address;
    (void)field;
    if (!read_address(reader, value, ADDRESS_V4, &address))
        return;
    reader_place(reader, PLACE_IPV4, value, endpoint);
    endpoint->families |= FAMILY_V4;
    memcpy(endpoint->ipv4, address.bytes, sizeof endpoint->ipv4);
}

static void read_ipv6(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    struct declared_endpoint *endpoint = base;
    struct address address;
    (void)field;
    if (!read_address(reader, value, ADDRESS_V6, &address))
        return;
    reader_place(reader, PLACE_IPV6, value, endpoint);
    endpoint->families |= FAMILY_V6;
    memcpy(endpoint->ipv6, address.bytes, sizeof endpoint->ipv6);
}

static void describe_ipv4(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"type\": \"string\", \"format\": \"ipv4\"");
}

static void describe_ipv6(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"type\": \"string\", \"format\": \"ipv6\"");
}

const struct field_type type_ipv4 = { read_ipv4, describe_ipv4 };
const struct field_type type_ipv6 = { read_ipv6, describe_ipv6 };

static void read_hostname(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    struct error err;
    struct dns_name name;
    char text[DNS_NAME_TEXT_SIZE];
    if (!cJSON_IsString(value)) {
        reader_expect(reader, value, "must be a host name");
    } else if (!hostname_accept(value->valuestring, &err)) {
        reader_expect(reader, value, "%s", err.text);
    } else if (dns_name_parse(value->valuestring, NULL, &name)) {
        dns_name_format(&name, text);
        *(char **)field_member(field, base) = xstrdup(text);
    }
}

static void describe_hostname(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"type\": \"string\", \"minLength\": 1, \"maxLength\": 1015");
}

const struct field_type type_hostname = { read_hostname, describe_hostname };

static void read_location(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    struct coordinates *at = field_member(field, base);
    if (cJSON_IsString(value)) {
        if (!geo_country_coordinates(value->valuestring, at))
            reader_expect_word(reader, value, "must be a two-letter country code or [latitude, longitude]",
                               geo_country_meant(value->valuestring));
        return;
    }
    const cJSON *latitude = cJSON_IsArray(value) ? value->child : NULL;
    const cJSON *longitude = latitude != NULL ? latitude->next : NULL;
    if (!cJSON_IsNumber(latitude) || !cJSON_IsNumber(longitude) || longitude->next != NULL)
        reader_expect(reader, value, "must be [latitude, longitude] or a two-letter country code");
    else if (fabs(latitude->valuedouble) > 90)
        reader_expect(reader, latitude, "latitude must be -90..90");
    else if (fabs(longitude->valuedouble) > 180)
        reader_expect(reader, longitude, "longitude must be -180..180");
    else
        *at = (struct coordinates){ .latitude = (float)latitude->valuedouble,
                                    .longitude = (float)longitude->valuedouble,
                                    .is_known = true };
}

static void describe_location(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out,
              "\"anyOf\": [{ \"type\": \"string\", \"pattern\": \"^[A-Za-z]{2}$\" }, { \"type\": \"array\", "
              "\"prefixItems\": [{ \"type\": \"number\", \"minimum\": -90, \"maximum\": 90 }, { \"type\": "
              "\"number\", \"minimum\": -180, \"maximum\": 180 }], \"minItems\": 2, \"maxItems\": 2 }]");
}

const struct field_type type_location = { read_location, describe_location };

/* "check" and "checks" fill the same list. */
static void add_check_name(struct reader *reader, const cJSON *value, char **names, size_t *count)
{
    struct error err;
    if (!cJSON_IsString(value)) {
        reader_expect(reader, value, "must be the name of a check");
        return;
    }
    const char *name = value->valuestring;
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(names[i], name) == 0) {
            reader_refuse(reader, "check \"%s\" stands here already", name);
            return;
        }
    }
    if (!name_accept(name, &err))
        reader_expect(reader, value, "%s", err.text);
    else if (*count == DECLARED_CHECKS_MAX)
        reader_refuse(reader, "at most %d checks, got one more", DECLARED_CHECKS_MAX);
    else
        names[(*count)++] = xstrdup(name);
}

static void read_check_names(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    char **names = field_member(field, base);
    size_t *count = (size_t *)((char *)base + field->count_offset), index = 0;
    const cJSON *element;
    if (field->most == 1) {
        add_check_name(reader, value, names, count);
        return;
    }
    if (!cJSON_IsArray(value)) {
        reader_expect(reader, value, "must be a list of names of checks");
        return;
    }
    cJSON_ArrayForEach(element, value)
    {
        size_t before = reader_enter_index(reader, index++);
        add_check_name(reader, element, names, count);
        reader_leave(reader, before);
    }
}

static void describe_check_names(const struct field *field, struct text *out)
{
    if (field->most == 1)
        text_puts(out, "\"$ref\": \"#/$defs/name\"");
    else
        text_printf(out, "\"type\": \"array\", \"items\": { \"$ref\": \"#/$defs/name\" }, \"maxItems\": %d",
                    DECLARED_CHECKS_MAX);
}

const struct field_type type_check_names = { read_check_names, describe_check_names };

/* ---- pools ---- */

bool endpoint_has_place(const cJSON *endpoint)
{
    return cJSON_GetObjectItemCaseSensitive(endpoint, "ipv4") != NULL ||
           cJSON_GetObjectItemCaseSensitive(endpoint, "ipv6") != NULL ||
           cJSON_GetObjectItemCaseSensitive(endpoint, "hostname") != NULL;
}

static void read_endpoint(struct reader *reader, const cJSON *member, struct declared_endpoint *endpoint)
{
    struct error err;
    endpoint->name = xstrdup(member->string);
    if (!name_accept(member->string, &err))
        reader_refuse(reader, "the name %s", err.text);
    shape_read(reader, &shape_endpoint, member, endpoint);
    if (cJSON_IsObject(member) && !endpoint_has_place(member))
        reader_refuse(reader, "needs \"ipv4\", \"ipv6\" or \"hostname\"");
}

static void read_endpoints(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    struct declared_pool *pool = base;
    const cJSON *member;
    (void)field;
    if (!cJSON_IsObject(value) || value->child == NULL) {
        reader_expect(reader, value, "must be an object of endpoints by name, at least one");
        return;
    }
    size_t count = (size_t)cJSON_GetArraySize(value);
    if (count > CHILDREN_MAX) {
        reader_refuse(reader, "must have at most %d endpoints, got %zu", CHILDREN_MAX, count);
        return;
    }
    pool->endpoints = xcalloc(count, sizeof *pool->endpoints);
    cJSON_ArrayForEach(member, value)
    {
        size_t before = reader_enter(reader, member->string);
        read_endpoint(reader, member, &pool->endpoints[pool->count++]);
        reader_leave(reader, before);
    }
}

static void describe_endpoints(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out,
              "\"type\": \"object\", \"minProperties\": 1, \"propertyNames\": { \"$ref\": \"#/$defs/name\" "
              "}, \"additionalProperties\": { \"$ref\": \"#/$defs/endpoint\" }");
}

const struct field_type type_endpoints = { read_endpoints, describe_endpoints };

static void refuse_policy(struct reader *reader, const cJSON *value)
{
    struct suggestion suggestion = { .word = cJSON_IsString(value) ? value->valuestring : "" };
    struct text names = { 0 };
    const struct policy *policy;
    for (size_t i = 0; (policy = policy_at(i)) != NULL; i++) {
        if (policy->is_by_rule)
            continue;
        text_printf(&names, "%s%s", names.size > 0 ? ", " : "", policy->name);
        suggestion_consider(&suggestion, policy->name);
    }
    if (suggestion.best != NULL)
        reader_refuse(reader, "unknown policy \"%s\": did you mean \"%s\"?", suggestion.word,
                      suggestion.best);
    else
        reader_expect(reader, value, "must be a policy that a pool can have (%s)",
                      names.size > 0 ? names.bytes : "none");
    text_free(&names);
}

static void read_pool_policy(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const struct policy *policy = cJSON_IsString(value) ? policy_find(value->valuestring) : NULL;
    if (policy == NULL || policy->is_by_rule)
        refuse_policy(reader, value);
    else
        *(const struct policy **)field_member(field, base) = policy;
}

static void describe_pool_policy(const struct field *field, struct text *out)
{
    const struct policy *policy;
    bool is_first = true;
    (void)field;
    text_puts(out, "\"enum\": [");
    for (size_t i = 0; (policy = policy_at(i)) != NULL; i++) {
        if (policy->is_by_rule)
            continue;
        text_printf(out, "%s\"%s\"", is_first ? "" : ", ", policy->name);
        is_first = false;
    }
    text_puts(out, "]");
}

const struct field_type type_pool_policy = { read_pool_policy, describe_pool_policy };

static bool parse_percent(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && strcmp(end, "%") == 0 && text[0] >= '0' && text[0] <= '9' && floor(*out) == *out;
}

static void read_min_healthy(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    struct declared_min_healthy *out = field_member(field, base);
    bool is_percent = cJSON_IsString(value);
    double number = cJSON_IsNumber(value) ? value->valuedouble : 0;
    if ((is_percent && !parse_percent(value->valuestring, &number)) || floor(number) != number ||
        number < 1 || number > (is_percent ? 100 : CHILDREN_MAX))
        reader_expect(reader, value, "must be a count of at least 1 or a percentage such as \"50%%\"");
    else
        *out = (struct declared_min_healthy){ .value = (uint16_t)number, .is_percent = is_percent };
}

static void describe_min_healthy(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"anyOf\": [{ \"type\": \"integer\", \"minimum\": 1, \"maximum\": 65535 }, { \"type\": "
                   "\"string\", \"pattern\": \"^([1-9][0-9]?|100)%$\" }]");
}

const struct field_type type_min_healthy = { read_min_healthy, describe_min_healthy };

void min_healthy_check(struct reader *reader, const struct declared_min_healthy *min_healthy, size_t count)
{
    if (count == 0 || min_healthy->is_percent || min_healthy->value <= count)
        return;
    size_t before = reader_enter(reader, "min_healthy");
    reader_refuse(reader, "must be 1..%zu, which is all there are, got %u", count, min_healthy->value);
    reader_leave(reader, before);
}

void declared_pool_free(struct declared_pool *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < pool->count; i++)
        declared_endpoint_free(&pool->endpoints[i]);
    for (size_t i = 0; i < pool->check_count; i++)
        free(pool->checks[i]);
    free(pool->endpoints);
    free(pool);
}

struct declared_pool *declared_pool_parse(const struct object *object, struct problems *problems)
{
    struct reader reader;
    if (!reader_open(object, problems, &reader))
        return NULL;
    struct declared_pool *pool = xcalloc(1, sizeof *pool);
    object_name_check(&reader);
    shape_read(&reader, &shape_pool, reader.root, pool);
    min_healthy_check(&reader, &pool->min_healthy, pool->count);
    if (reader_close(&reader))
        return pool;
    declared_pool_free(pool);
    return NULL;
}
