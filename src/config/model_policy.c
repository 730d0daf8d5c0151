/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/model.h"

#include "base/memory.h"
#include "base/suggest.h"
#include "model_parts.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

/*
 * The grammar of targets:
 *
 *     target = "name"  |  node  |  { "ipv4": …, "ipv6": …, "hostname": … }
 *     node   = { policy: children }  |  { policy: { "of": children, options } }
 *     children = [ target | item, … ]           item = { "to": target, "weight": 3, "bias": 20 }
 *              | { "name": weight, … }          of a policy with weights
 *              | { "rule": target | item, … }   of a policy that chooses by rule
 */

#define CHILDREN_MAX UINT16_MAX /* ordinals have 16 bits */

void declared_target_free(struct declared_target *target)
{
    free(target->name);
    free(target->pointer);
    declared_node_free(target->node);
    if (target->endpoint != NULL)
        declared_endpoint_free(target->endpoint);
    free(target->endpoint);
}

void declared_node_free(struct declared_node *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->count; i++) {
        declared_target_free(&node->children[i].to);
        free(node->children[i].rule);
    }
    free(node->children);
    free(node->parts);
    free(node);
}

/* ---- targets ---- */

static void refuse_target(struct reader *reader, const cJSON *value)
{
    const struct policy *policy;
    const cJSON *member = cJSON_IsObject(value) ? value->child : NULL;
    for (; member != NULL; member = member->next) {
        if (policy_find(member->string) != NULL) {
            reader_refuse(reader,
                          "must have the policy's name as its only key: options stand inside, {\"%s\": "
                          "{\"of\": …, options}}",
                          member->string);
            return;
        }
        struct suggestion suggestion = { .word = member->string };
        for (size_t i = 0; (policy = policy_at(i)) != NULL; i++)
            suggestion_consider(&suggestion, policy->name);
        if (suggestion.best != NULL) {
            reader_refuse(reader, "unknown policy \"%s\": did you mean \"%s\"?", member->string,
                          suggestion.best);
            return;
        }
    }
    reader_expect(reader, value,
                  "must be the name of a pool or policy, an object with one policy name as its key, or an "
                  "endpoint such as {\"ipv4\": \"192.0.2.1\"}");
}

static const char *place_of(const cJSON *object)
{
    static const char *const keys[] = { "ipv4", "ipv6", "hostname" };
    for (size_t i = 0; i < 3; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, keys[i]);
        if (cJSON_IsString(value))
            return value->valuestring;
    }
    return "";
}

static void read_name(struct reader *reader, const cJSON *value, struct declared_target *out)
{
    struct error err;
    if (!name_accept(value->valuestring, &err))
        reader_expect(reader, value, "%s", err.text);
    reader_place(reader, PLACE_NAME, value, out);
    out->kind = TARGET_NAME;
    out->name = xstrdup(value->valuestring);
}

void target_read(struct reader *reader, const cJSON *value, struct declared_target *out)
{
    if (cJSON_IsString(value)) {
        out->pointer = reader_pointer(reader);
        read_name(reader, value, out);
    } else if (cJSON_IsObject(value) && endpoint_has_place(value)) {
        out->kind = TARGET_ENDPOINT;
        out->endpoint = xcalloc(1, sizeof *out->endpoint);
        out->endpoint->name = xstrdup(place_of(value));
        shape_read(reader, &shape_inline_endpoint, value, out->endpoint);
    } else if (cJSON_IsObject(value) && value->child != NULL && value->child->next == NULL &&
               policy_find(value->child->string) != NULL) {
        out->kind = TARGET_NODE;
        out->pointer = reader_pointer(reader);
        out->node = node_read(reader, value);
    } else {
        refuse_target(reader, value);
    }
}

static void read_target(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    target_read(reader, value, field_member(field, base));
}

static void describe_target(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"$ref\": \"#/$defs/target\"");
}

const struct field_type type_target = { read_target, describe_target };

/* ---- children ---- */

static void read_child(struct reader *reader, const struct policy *policy, const cJSON *value,
                       struct declared_child *child)
{
    child->weight = 1;
    if (!cJSON_IsObject(value) || cJSON_GetObjectItemCaseSensitive(value, "to") == NULL) {
        target_read(reader, value, &child->to);
        if (child->to.endpoint != NULL)
            child->weight = child->to.endpoint->weight;
        return;
    }
    shape_read(reader, &shape_item, value, child);
    bool has_weight = cJSON_GetObjectItemCaseSensitive(value, "weight") != NULL;
    if (has_weight && !policy->is_weighted) {
        size_t before = reader_enter(reader, "weight");
        reader_refuse(reader, "has no meaning for \"%s\"", policy->name);
        reader_leave(reader, before);
    }
    if (!has_weight && child->to.endpoint != NULL)
        child->weight = child->to.endpoint->weight;
}

static void read_rule(struct reader *reader, const struct policy *policy, const cJSON *member,
                      struct declared_child *child)
{
    struct error err = { "" };
    child->rule = xstrdup(member->string);
    if (policy->check_key != NULL && !policy->check_key(member->string, &err))
        reader_refuse(reader, "%s", err.text);
    read_child(reader, policy, member, child);
}

static void read_weight(struct reader *reader, const cJSON *member, struct declared_child *child)
{
    const struct field *weight = shape_find(&shape_item, "weight");
    struct error err;
    child->to.kind = TARGET_NAME;
    child->to.name = xstrdup(member->string);
    child->to.pointer = reader_pointer(reader);
    if (!name_accept(member->string, &err))
        reader_refuse(reader, "the name %s", err.text);
    weight->type->read(reader, weight, member, child);
}

/* What `policy` takes, as far as `value` has that form. */
static bool check_form(struct reader *reader, const struct policy *policy, const cJSON *value)
{
    bool is_map = cJSON_IsObject(value), is_list = cJSON_IsArray(value);
    if (policy->is_by_rule ? !is_map : !is_list && !(is_map && policy->is_weighted))
        return reader_expect(reader, value, "\"%s\" takes %s", policy->name,
                             policy->is_by_rule    ? "an object of rules: {\"rule\": target, …}"
                             : policy->is_weighted ? "a list of targets or an object of weights by target"
                                                   : "a list of targets, or {\"of\": that list, options}");
    size_t count = (size_t)cJSON_GetArraySize(value);
    if (count == 0)
        return reader_refuse(reader, "needs at least one target");
    if (count > CHILDREN_MAX)
        return reader_refuse(reader, "must have at most %d targets, got %zu", CHILDREN_MAX, count);
    return true;
}

static void read_children(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    struct declared_node *node = base;
    const cJSON *member;
    (void)field;
    if (!check_form(reader, node->policy, value))
        return;
    node->children = xcalloc((size_t)cJSON_GetArraySize(value), sizeof *node->children);
    cJSON_ArrayForEach(member, value)
    {
        struct declared_child *child = &node->children[node->count++];
        size_t before = member->string != NULL ? reader_enter(reader, member->string)
                                               : reader_enter_index(reader, node->count - 1);
        if (member->string == NULL)
            read_child(reader, node->policy, member, child);
        else if (node->policy->is_by_rule)
            read_rule(reader, node->policy, member, child);
        else
            read_weight(reader, member, child);
        reader_leave(reader, before);
    }
}

static void describe_children(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out,
              "\"anyOf\": [{ \"$ref\": \"#/$defs/list\" }, { \"$ref\": \"#/$defs/weights\" }, { \"$ref\": "
              "\"#/$defs/rules\" }]");
}

const struct field_type type_children = { read_children, describe_children };

/* ---- nodes ---- */

/* With options around the children.  A target may be called "of", then a weight stands behind it. */
static bool has_options(const cJSON *value)
{
    const cJSON *of = cJSON_IsObject(value) ? cJSON_GetObjectItemCaseSensitive(value, "of") : NULL;
    return cJSON_IsArray(of) || cJSON_IsObject(of);
}

static void read_node(struct reader *reader, const cJSON *value, struct declared_node *node)
{
    if (++reader->depth > NODE_DEPTH_MAX) {
        reader_refuse(reader, "policies are nested deeper than %d levels", NODE_DEPTH_MAX);
    } else if (has_options(value)) {
        shape_read(reader, &shape_node, value, node);
        min_healthy_check(reader, &node->min_healthy, node->count);
    } else {
        node->min_healthy.value = 1;
        read_children(reader, NULL, value, node);
    }
    reader->depth--;
}

struct declared_node *node_read(struct reader *reader, const cJSON *object)
{
    struct declared_node *node = xcalloc(1, sizeof *node);
    node->policy = policy_find(object->child->string);
    size_t before = reader_enter(reader, object->child->string);
    read_node(reader, object->child, node);
    reader_leave(reader, before);
    return node;
}

struct declared_node *declared_policy_parse(const struct object *object, struct problems *problems)
{
    struct reader reader;
    struct declared_node *node = NULL;
    if (!reader_open(object, problems, &reader))
        return NULL;
    object_name_check(&reader);
    const cJSON *only = reader.root->child;
    if (only != NULL && only->next == NULL && policy_find(only->string) != NULL)
        node = node_read(&reader, reader.root);
    else
        refuse_target(&reader, reader.root);
    if (reader_close(&reader))
        return node;
    declared_node_free(node);
    return NULL;
}
