/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/model.h"

#include "base/text.h"
#include "json.h"
#include "model_parts.h"
#include "pretty.h"
#include "schema.h"

#include <string.h>

static const char dialect[] = "\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"";

/* The forms of the grammar in model_policy.c that are no single table. */
static const char grammar[] =
    ", \"target\": { \"description\": \"the name of a pool or policy, a policy in place, or an endpoint in "
    "place\", \"anyOf\": [{ \"$ref\": \"#/$defs/name\" }, { \"$ref\": \"#/$defs/node\" }, { \"$ref\": "
    "\"#/$defs/inline_endpoint\" }] }"
    ", \"list\": { \"type\": \"array\", \"minItems\": 1, \"items\": { \"anyOf\": [{ \"$ref\": "
    "\"#/$defs/target\" }, { \"$ref\": \"#/$defs/item\" }] } }"
    ", \"weights\": { \"type\": \"object\", \"minProperties\": 1, \"propertyNames\": { \"$ref\": "
    "\"#/$defs/name\" }, \"additionalProperties\": { \"type\": \"integer\", \"minimum\": 0, \"maximum\": "
    "65535 } }"
    ", \"rules\": { \"type\": \"object\", \"minProperties\": 1, \"additionalProperties\": { \"anyOf\": [{ "
    "\"$ref\": \"#/$defs/target\" }, { \"$ref\": \"#/$defs/item\" }] } }";

/* What steering.json says of zones beyond the zone's own table. */
static const char zone_members[] = "\"services\": { \"description\": \"the services by owner name relative "
                                   "to the zone\", \"type\": \"object\", "
                                   "\"additionalProperties\": { \"$ref\": \"#/$defs/service\" } }, "
                                   "\"rrsets\": { \"description\": \"RRsets by owner name relative to the "
                                   "zone and by type, which lie over its file and records\", \"type\": "
                                   "\"object\", \"additionalProperties\": { \"type\": \"object\", "
                                   "\"additionalProperties\": { \"$ref\": \"#/$defs/rrset\" } } }, "
                                   "\"records_text\": { \"description\": \"the "
                                   "contents of a master file, instead of file\", \"type\": \"string\" }, ";

/* Networks of their own, or the file that they are read from. */
static void put_networks(struct text *out, const char *name, const char *file_doc, const char *def)
{
    text_printf(out,
                ", \"%s\": { \"type\": \"object\", \"anyOf\": [{ \"properties\": { \"file\": { "
                "\"description\": \"%s\", \"type\": \"string\" } }, \"required\": [\"file\"], "
                "\"additionalProperties\": false }, { \"propertyNames\": { \"pattern\": "
                "\"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$\" }, \"additionalProperties\": { \"$ref\": "
                "\"#/$defs/%s\" } }] }",
                name, file_doc, def);
}

/* Indents `json`, which is freed. */
static char *finish(struct text *json)
{
    struct text out = { 0 };
    pretty_value(&out, json->bytes, json_trim(json->bytes, (struct span){ 0, json->size }), 0);
    text_puts(&out, "\n");
    text_free(json);
    return text_take(&out);
}

static void put_shape(struct text *out, const struct shape *shape)
{
    text_printf(out, ", \"%s\": ", shape->name);
    shape_describe(shape, out);
}

/* A policy in place: one property a policy of the registry. */
static void put_node(struct text *out)
{
    const struct policy *policy;
    text_puts(out,
              ", \"node\": { \"description\": \"a policy: its name is the only key\", \"type\": \"object\", "
              "\"minProperties\": 1, \"maxProperties\": 1, \"additionalProperties\": false, "
              "\"properties\": {");
    for (size_t i = 0; (policy = policy_at(i)) != NULL; i++) {
        const char *map = policy->is_by_rule    ? "{ \"$ref\": \"#/$defs/rules\" }, "
                          : policy->is_weighted ? "{ \"$ref\": \"#/$defs/list\" }, { \"$ref\": "
                                                  "\"#/$defs/weights\" }, "
                                                : "{ \"$ref\": \"#/$defs/list\" }, ";
        text_printf(out, "%s\"%s\": { \"anyOf\": [%s{ \"$ref\": \"#/$defs/options\" }] }", i > 0 ? ", " : " ",
                    policy->name, map);
    }
    text_puts(out, " } }");
}

/* The zone's table with the members that become objects of their own. */
static void put_zone(struct text *out)
{
    static const char mark[] = "\"properties\": {";
    struct text zone = { 0 };
    shape_describe(&shape_zone, &zone);
    const char *at = strstr(zone.bytes, mark);
    size_t head = (size_t)(at - zone.bytes) + strlen(mark);
    text_puts(out, ", \"zone\": ");
    text_add(out, zone.bytes, head);
    text_add(out, " ", 1);
    text_puts(out, zone_members);
    text_puts(out, zone.bytes + head);
    text_free(&zone);
}

static void put_section(struct text *out, const char *key, const char *doc, const char *def, bool has_names)
{
    text_printf(out,
                "\"%s\": { \"description\": \"%s\", \"type\": \"object\"%s, \"additionalProperties\": { ",
                key, doc, has_names ? ", \"propertyNames\": { \"$ref\": \"#/$defs/name\" }" : "");
    text_printf(out, "\"$ref\": \"#/$defs/%s\" } }", def);
}

char *schema_of_steering(void)
{
    static const struct shape *const shapes[] = { &shape_check,           &shape_pool,  &shape_endpoint,
                                                  &shape_inline_endpoint, &shape_node,  &shape_item,
                                                  &shape_service,         &shape_rrset, &shape_place };
    struct text out = { 0 };
    text_printf(&out, "{ %s, \"title\": \"steering.json\", \"description\": \"what steerd steers\", ",
                dialect);
    text_puts(&out,
              "\"type\": \"object\", \"additionalProperties\": false, \"patternProperties\": { \"^\\\\$\": "
              "true }, \"properties\": { ");
    put_section(&out, "checks", "health checks by name", "check", true);
    text_puts(&out, ", ");
    put_section(&out, "pools", "pools by name", "pool", true);
    text_puts(&out, ", ");
    put_section(&out, "policies", "policies by name", "node", true);
    text_puts(&out, ", ");
    put_section(&out, "maps", "networks of clients by name of the map", "map", true);
    text_puts(&out, ", ");
    put_section(&out, "locations",
                "where networks of clients are, on top of the databases, by name of the set", "locations",
                true);
    text_puts(&out, ", ");
    put_section(&out, "zones", "zones by apex", "zone", false);
    text_puts(&out, " }, \"$defs\": { \"name\": { ");
    text_puts(&out, "\"type\": \"string\", ");
    describe_word(&out, "pattern", NAME_PATTERN);
    text_puts(&out, " }");
    text_puts(&out, grammar);
    put_networks(&out, "map", "a file of lines: network, name", "name");
    put_networks(&out, "locations", "a geofeed (RFC 8805)", "place");
    put_node(&out);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        put_shape(&out, shapes[i]);
    put_zone(&out);
    text_puts(&out, " } }");
    return finish(&out);
}

char *schema_of_settings(void)
{
    struct text out = { 0 }, shape = { 0 };
    shape_describe(&shape_settings, &shape);
    text_printf(&out, "{ %s, \"title\": \"steerd.json\", ", dialect);
    text_puts(&out, shape.bytes + 1); /* behind its brace */
    text_free(&shape);
    return finish(&out);
}
