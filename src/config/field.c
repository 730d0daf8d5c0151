/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "field.h"

#include "base/duration.h"
#include "base/memory.h"
#include "base/suggest.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 64 /* of one shape */

/* ---- shapes ---- */

const struct field *shape_find(const struct shape *shape, const char *key)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].key[0] == key[0] && strcmp(shape->fields[i].key, key) == 0)
            return &shape->fields[i];
    }
    return NULL;
}

static void refuse_unknown(struct reader *reader, const struct shape *shape, const char *key)
{
    struct suggestion suggestion = { .word = key };
    for (size_t i = 0; i < shape->count; i++)
        suggestion_consider(&suggestion, shape->fields[i].key);
    if (suggestion.best != NULL) {
        reader_refuse(reader, "unknown key: did you mean \"%s\"?", suggestion.best);
        return;
    }
    struct text known = { 0 };
    for (size_t i = 0; i < shape->count; i++)
        text_printf(&known, "%s%s", i > 0 ? ", " : "", shape->fields[i].key);
    reader_refuse(reader, "unknown key: %s has %s", shape->doc, known.bytes);
    text_free(&known);
}

/* Most defaults are a small number, a word or a short string: the value without a parse, for they are read
 * often. */
static bool is_plain(const char *literal, char room[32], cJSON *out)
{
    size_t size = strlen(literal);
    *out = (cJSON){ .type = cJSON_Number };
    if (strspn(literal, "0123456789") == size && size < 9) {
        out->valueint = atoi(literal);
        out->valuedouble = out->valueint;
    } else if (strcmp(literal, "true") == 0 || strcmp(literal, "false") == 0) {
        out->type = literal[0] == 't' ? cJSON_True : cJSON_False;
    } else if (literal[0] == '"' && size <= 32 && strchr(literal, '\\') == NULL) {
        memcpy(room, literal + 1, size - 2);
        room[size - 2] = '\0';
        out->type = cJSON_String;
        out->valuestring = room;
    } else {
        return false;
    }
    return true;
}

static void read_fallback(struct reader *reader, const struct field *field, void *base)
{
    char room[32];
    cJSON plain;
    if (is_plain(field->fallback, room, &plain)) {
        field->type->read(reader, field, &plain, base);
        return;
    }
    cJSON *value = cJSON_Parse(field->fallback);
    field->type->read(reader, field, value, base);
    cJSON_Delete(value);
}

void shape_read(struct reader *reader, const struct shape *shape, const cJSON *object, void *base)
{
    const cJSON *member;
    bool is_there[FIELDS_MAX] = { false };
    assert(shape->count <= FIELDS_MAX);
    if (!cJSON_IsObject(object)) {
        reader_expect(reader, object, "must be an object {…}");
        return;
    }
    cJSON_ArrayForEach(member, object)
    {
        const struct field *field = shape_find(shape, member->string);
        size_t before = reader_enter(reader, member->string);
        if (field != NULL)
            is_there[field - shape->fields] = true;
        if (field != NULL)
            field->type->read(reader, field, member, base);
        else if (!shape->is_root || member->string[0] != '$')
            refuse_unknown(reader, shape, member->string);
        reader_leave(reader, before);
    }
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if ((field->fallback == NULL && !field->is_required) || is_there[i])
            continue;
        if (field->is_required)
            reader_refuse(reader, "\"%s\" is missing", field->key);
        else
            read_fallback(reader, field, base);
    }
}

static void describe_field(const struct field *field, struct text *out)
{
    text_puts(out, "{ ");
    size_t before = out->size;
    field->type->describe(field, out);
    if (out->size > before)
        text_puts(out, ", ");
    describe_word(out, "description", field->doc);
    if (field->fallback != NULL)
        text_printf(out, ", \"default\": %s", field->fallback);
    text_puts(out, " }");
}

void shape_describe(const struct shape *shape, struct text *out)
{
    bool has_required = false;
    text_puts(out, "{ ");
    describe_word(out, "description", shape->doc);
    text_puts(out, ", \"type\": \"object\", \"additionalProperties\": false");
    if (shape->is_root)
        text_puts(out, ", \"patternProperties\": { \"^\\\\$\": true }");
    text_puts(out, ", \"properties\": {");
    for (size_t i = 0; i < shape->count; i++) {
        text_puts(out, i > 0 ? ", " : " ");
        text_put_json(out, shape->fields[i].key);
        text_puts(out, ": ");
        describe_field(&shape->fields[i], out);
    }
    text_puts(out, " }");
    if (shape->also != NULL)
        text_printf(out, ", %s", shape->also);
    for (size_t i = 0; i < shape->count; i++) {
        if (!shape->fields[i].is_required)
            continue;
        text_puts(out, has_required ? ", " : ", \"required\": [");
        text_put_json(out, shape->fields[i].key);
        has_required = true;
    }
    text_puts(out, has_required ? "] }" : " }");
}

void describe_word(struct text *out, const char *key, const char *value)
{
    text_put_json(out, key);
    text_puts(out, ": ");
    text_put_json(out, value);
}

/* ---- strings ---- */

/* Strings end up in HTTP requests, paths and logs: few may hold a control character. */
static bool check_text(struct reader *reader, const struct field *field, const cJSON *value)
{
    struct error err;
    if (!cJSON_IsString(value))
        return reader_expect(reader, value, "must be a string");
    const char *text = value->valuestring;
    for (const char *at = text; *at != '\0' && !field->takes_controls; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return reader_refuse(reader, "must not hold control characters");
    }
    size_t size = strlen(text);
    if (size < (size_t)field->least)
        return reader_refuse(reader, "must not be empty");
    if (field->most > 0 && size > (size_t)field->most)
        return reader_refuse(reader, "must be at most %lld bytes long, got %zu", (long long)field->most,
                             size);
    if (field->accept != NULL && !field->accept(text, &err))
        return reader_expect(reader, value, "%s", err.text);
    return true;
}

static void read_text(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    if (check_text(reader, field, value))
        *(char **)field_member(field, base) = xstrdup(value->valuestring);
}

static void describe_text(const struct field *field, struct text *out)
{
    text_puts(out, "\"type\": \"string\"");
    if (field->least > 0)
        text_printf(out, ", \"minLength\": %lld", (long long)field->least);
    if (field->most > 0)
        text_printf(out, ", \"maxLength\": %lld", (long long)field->most);
    if (field->pattern != NULL) {
        text_puts(out, ", ");
        describe_word(out, "pattern", field->pattern);
    }
}

const struct field_type type_text = { read_text, describe_text };

/* Takes the bounds of a list for the list; every element is a string that must not be empty. */
static void read_texts(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const cJSON *element;
    struct field of_element = { .least = 1,
                                .accept = field->accept,
                                .takes_controls = field->takes_controls };
    char ***list = field_member(field, base);
    size_t *count = (size_t *)((char *)base + field->count_offset), index = 0;
    if (!cJSON_IsArray(value)) {
        reader_expect(reader, value, "must be a list of strings");
        return;
    }
    size_t room = (size_t)cJSON_GetArraySize(value);
    if (field->most > 0 && room > (size_t)field->most) {
        reader_refuse(reader, "must have at most %lld elements, got %zu", (long long)field->most, room);
        return;
    }
    *list = xcalloc(room, sizeof **list);
    cJSON_ArrayForEach(element, value)
    {
        size_t before = reader_enter_index(reader, index++);
        if (check_text(reader, &of_element, element))
            (*list)[(*count)++] = xstrdup(element->valuestring);
        reader_leave(reader, before);
    }
}

static void describe_texts(const struct field *field, struct text *out)
{
    text_puts(out, "\"type\": \"array\", \"items\": { \"type\": \"string\", \"minLength\": 1");
    if (field->pattern != NULL) {
        text_puts(out, ", ");
        describe_word(out, "pattern", field->pattern);
    }
    text_puts(out, " }");
    if (field->most > 0)
        text_printf(out, ", \"maxItems\": %lld", (long long)field->most);
}

const struct field_type type_texts = { read_texts, describe_texts };

/* ---- numbers ---- */

static void store(const struct field *field, int64_t number, void *base)
{
    void *member = field_member(field, base);
    switch (field->size) {
    case 1: *(uint8_t *)member = (uint8_t)number; break;
    case 2: *(uint16_t *)member = (uint16_t)number; break;
    case 4: *(uint32_t *)member = (uint32_t)number; break;
    default: *(uint64_t *)member = (uint64_t)number; break;
    }
}

static void read_integer(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const char *unit = field->unit != NULL ? field->unit : "", *space = field->unit != NULL ? " " : "";
    long long least = field->least, most = field->most;
    double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;
    if (isnan(number) || floor(number) != number)
        reader_expect(reader, value, "must be a whole number %lld..%lld%s%s", least, most, space, unit);
    else if (number < (double)least || number > (double)most)
        reader_expect(reader, value, "must be %lld..%lld%s%s", least, most, space, unit);
    else
        store(field, (int64_t)number, base);
}

static void describe_integer(const struct field *field, struct text *out)
{
    text_printf(out, "\"type\": \"integer\", \"minimum\": %lld, \"maximum\": %lld", (long long)field->least,
                (long long)field->most);
}

const struct field_type type_integer = { read_integer, describe_integer };

static void read_boolean(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    if (!cJSON_IsBool(value))
        reader_expect(reader, value, "must be true or false");
    else
        *(bool *)field_member(field, base) = cJSON_IsTrue(value);
}

static void describe_boolean(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"type\": \"boolean\"");
}

const struct field_type type_boolean = { read_boolean, describe_boolean };

static void refuse_bare_number(struct reader *reader, const cJSON *value)
{
    double number = value->valuedouble;
    if (number >= 1 && number <= 86400 && floor(number) == number)
        reader_expect(reader, value, "a duration needs its unit: write \"%.0fs\"", number);
    else
        reader_expect(reader, value, "a duration needs its unit: write \"3s\"");
}

static void read_duration(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    uint64_t ms;
    char least[DURATION_TEXT_SIZE], most[DURATION_TEXT_SIZE];
    duration_format((uint64_t)field->least, least);
    duration_format((uint64_t)field->most, most);
    if (cJSON_IsNumber(value))
        refuse_bare_number(reader, value);
    else if (!cJSON_IsString(value) || !duration_parse(value->valuestring, &ms))
        reader_expect(reader, value, "must be a duration such as \"250ms\", \"3s\", \"5m\" or \"1h\"");
    else if (ms < (uint64_t)field->least || ms > (uint64_t)field->most)
        reader_expect(reader, value, "must be %s..%s", least, most);
    else
        store(field, (int64_t)ms, base);
}

static void describe_duration(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"type\": \"string\", \"pattern\": \"^[0-9]+(ms|s|m|h|d)$\"");
}

const struct field_type type_duration = { read_duration, describe_duration };

/* ---- words ---- */

static void read_word(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    struct text words = { 0 };
    struct suggestion suggestion = { .word = cJSON_IsString(value) ? value->valuestring : "" };
    text_puts(&words, "must be ");
    for (size_t i = 0; field->words[i] != NULL; i++) {
        if (cJSON_IsString(value) && strcmp(field->words[i], value->valuestring) == 0) {
            store(field, (int64_t)i, base);
            text_free(&words);
            return;
        }
        bool is_last = field->words[i + 1] == NULL;
        text_printf(&words, "%s\"%s\"", i == 0 ? "" : (is_last ? " or " : ", "), field->words[i]);
        suggestion_consider(&suggestion, field->words[i]);
    }
    reader_expect_word(reader, value, words.bytes, suggestion.best);
    text_free(&words);
}

static void describe_words(const struct field *field, struct text *out)
{
    text_puts(out, "\"enum\": [");
    for (size_t i = 0; field->words[i] != NULL; i++) {
        text_puts(out, i > 0 ? ", " : "");
        text_put_json(out, field->words[i]);
    }
    text_puts(out, "]");
}

const struct field_type type_word = { read_word, describe_words };

static void read_shape(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    shape_read(reader, field->shape, value, base);
}

static void describe_shape(const struct field *field, struct text *out)
{
    struct text inner = { 0 };
    shape_describe(field->shape, &inner);
    /* the keywords alone: the field adds its own description */
    text_puts(out, "\"allOf\": [");
    text_puts(out, inner.bytes);
    text_puts(out, "]");
    text_free(&inner);
}

const struct field_type type_shape = { read_shape, describe_shape };
