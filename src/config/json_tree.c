/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "json_tree.h"

#include "json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX     64 /* the scanner's */
#define DIGITS_MAX      15 /* so many a double holds exactly */
#define NUMBER_SIZE_MAX 63

struct parse {
    const char *text;
    size_t at, end;
    unsigned depth;
    struct arena *arena;
};

static void skip_space(struct parse *parse)
{
    while (parse->at < parse->end) {
        char byte = parse->text[parse->at];
        if (byte != ' ' && byte != '\n' && byte != '\t' && byte != '\r')
            return;
        parse->at++;
    }
}

/* 0 at the end. */
static char next_byte(struct parse *parse)
{
    skip_space(parse);
    return parse->at < parse->end ? parse->text[parse->at] : '\0';
}

/* ---- plain values ---- */

/* At the opening quote.  NULL: it has no end. */
static char *parse_string(struct parse *parse)
{
    const char *text = parse->text;
    size_t from = ++parse->at;
    while (parse->at < parse->end && text[parse->at] != '"' && text[parse->at] != '\\')
        parse->at++;
    if (parse->at < parse->end && text[parse->at] == '"')
        return arena_string(parse->arena, text + from, parse->at++ - from);
    while (parse->at < parse->end && text[parse->at] != '"')
        parse->at += text[parse->at] == '\\' ? 2 : 1;
    if (parse->at >= parse->end)
        return NULL;
    parse->at++;
    char *room = arena_string(parse->arena, text + from, parse->at - from); /* never shorter */
    json_unescape_to(text, (struct span){ from - 1, parse->at - from + 1 }, room);
    return room;
}

/* The number's digits, if they are all that it has and few; -1: it takes more than that. */
static int64_t small_integer(const char *text, size_t size)
{
    int64_t number = 0;
    if (size == 0 || size > DIGITS_MAX)
        return -1;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static int saturated(double number)
{
    if (number >= INT_MAX)
        return INT_MAX;
    return number <= INT_MIN ? INT_MIN : (int)number;
}

static bool parse_number(struct parse *parse, cJSON *out)
{
    char room[NUMBER_SIZE_MAX + 1], *end;
    const char *start = parse->text + parse->at;
    size_t size = 0, left = parse->end - parse->at;
    while (size < left && size < NUMBER_SIZE_MAX && start[size] != '\0' &&
           strchr("+-.0123456789Ee", start[size]) != NULL)
        size++;
    out->type = cJSON_Number;
    int64_t integer = small_integer(start, size);
    if (integer >= 0) {
        out->valuedouble = (double)integer;
    } else {
        memcpy(room, start, size);
        room[size] = '\0';
        out->valuedouble = strtod(room, &end);
        size = (size_t)(end - room);
    }
    out->valueint = saturated(out->valuedouble);
    parse->at += size;
    return size > 0;
}

static bool parse_word(struct parse *parse, cJSON *out)
{
    static const struct {
        const char *word;
        size_t size;
        int type;
    } words[] = { { "true", 4, cJSON_True }, { "false", 5, cJSON_False }, { "null", 4, cJSON_NULL } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (parse->end - parse->at < words[i].size ||
            memcmp(parse->text + parse->at, words[i].word, words[i].size) != 0)
            continue;
        out->type = words[i].type;
        out->valueint = words[i].type == cJSON_True;
        parse->at += words[i].size;
        return true;
    }
    return false;
}

/* ---- containers ---- */

static cJSON *parse_value(struct parse *parse);

static char *parse_key(struct parse *parse)
{
    if (next_byte(parse) != '"')
        return NULL;
    char *key = parse_string(parse);
    if (key == NULL || next_byte(parse) != ':')
        return NULL;
    parse->at++;
    return key;
}

static cJSON *parse_child(struct parse *parse, bool has_key)
{
    char *key = has_key ? parse_key(parse) : NULL;
    if (has_key && key == NULL)
        return NULL;
    cJSON *child = parse_value(parse);
    if (child != NULL)
        child->string = key;
    return child;
}

/* The last child is the first one's `prev`, as cJSON has it. */
static void add_child(cJSON *parent, cJSON *child)
{
    if (parent->child == NULL) {
        parent->child = child->prev = child;
        return;
    }
    child->prev = parent->child->prev;
    child->prev->next = child;
    parent->child->prev = child;
}

/* At "{" or "[". */
static bool parse_container(struct parse *parse, cJSON *out)
{
    bool is_object = parse->text[parse->at++] == '{';
    char close = is_object ? '}' : ']', byte;
    out->type = is_object ? cJSON_Object : cJSON_Array;
    if (++parse->depth > NESTING_MAX)
        return false;
    if (next_byte(parse) != close) {
        do {
            cJSON *child = parse_child(parse, is_object);
            if (child == NULL)
                return false;
            add_child(out, child);
            byte = next_byte(parse);
            parse->at++;
        } while (byte == ',');
        parse->depth--;
        return byte == close;
    }
    parse->at++;
    parse->depth--;
    return true;
}

static cJSON *parse_value(struct parse *parse)
{
    cJSON *value = arena_take(parse->arena, sizeof *value);
    char byte = next_byte(parse);
    bool is_good;
    if (byte == '"') {
        value->type = cJSON_String;
        value->valuestring = parse_string(parse);
        is_good = value->valuestring != NULL;
    } else if (byte == '{' || byte == '[') {
        is_good = parse_container(parse, value);
    } else if (byte == '-' || (byte >= '0' && byte <= '9')) {
        is_good = parse_number(parse, value);
    } else {
        is_good = parse_word(parse, value);
    }
    return is_good ? value : NULL;
}

cJSON *json_tree(const char *text, size_t size, struct arena *arena)
{
    struct parse parse = { .text = text, .end = size, .arena = arena };
    return parse_value(&parse);
}
