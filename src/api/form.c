/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/form.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_OF  "page of "
#define PATCH_OF "patch of "
#define OR       " or "

static const struct {
    const char *word, *keywords;
} words[] = {
    { "string", "\"type\":\"string\"" },    { "integer", "\"type\":\"integer\"" },
    { "number", "\"type\":\"number\"" },    { "boolean", "\"type\":\"boolean\"" },
    { "any", "\"$comment\":\"anything\"" }, { "time", "\"type\":\"string\",\"format\":\"date-time\"" },
};

static const char *keywords_of(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word) == 0)
            return words[i].keywords;
    }
    return NULL;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void put_choice(struct text *out, const char *choice)
{
    const char *separator = "";
    text_puts(out, "\"enum\":[");
    for (const char *at = choice; *at != '\0';) {
        size_t size = strcspn(at, "|");
        text_printf(out, "%s\"%.*s\"", separator, (int)size, at);
        separator = ",";
        at += size + (at[size] == '|');
    }
    text_puts(out, "]");
}

static void put_keywords(struct text *out, const char *type);

static void put_nullable(struct text *out, const char *type)
{
    text_puts(out, "\"anyOf\":[{");
    put_keywords(out, type);
    text_puts(out, "},{\"type\":\"null\"}]");
}

static void put_list(struct text *out, const char *type)
{
    text_puts(out, "\"type\":\"array\",\"items\":{");
    put_keywords(out, type);
    text_puts(out, "}");
}

static void put_page(struct text *out, const char *name)
{
    text_puts(out, "\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"items\",\"next\"],"
                   "\"properties\":{\"items\":{");
    put_list(out, name);
    text_puts(out, "},\"next\":{");
    put_nullable(out, "string");
    text_puts(out, ",\"description\":\"`after` of the next page; null: there is none\"}}");
}

static void put_either(struct text *out, const char *type)
{
    const char *second = strstr(type, OR);
    char *first = xstrndup(type, (size_t)(second - type));
    text_puts(out, "\"anyOf\":[{");
    put_keywords(out, first);
    text_puts(out, "},{");
    put_keywords(out, second + strlen(OR));
    text_puts(out, "}]");
    free(first);
}

static void put_keywords(struct text *out, const char *type)
{
    size_t size = strlen(type);
    bool is_list = type[0] == '[' && type[size - 1] == ']';
    if (size > 0 && (type[size - 1] == '?' || is_list)) {
        char *inner = xstrndup(type + is_list, size - 1 - is_list);
        is_list ? put_list(out, inner) : put_nullable(out, inner);
        free(inner);
    } else if (strstr(type, OR) != NULL) {
        put_either(out, type);
    } else if (starts_with(type, PAGE_OF)) {
        put_page(out, type + strlen(PAGE_OF));
    } else if (starts_with(type, PATCH_OF)) {
        text_puts(out, "\"type\":\"object\"");
    } else if (strchr(type, '|') != NULL) {
        put_choice(out, type);
    } else if (keywords_of(type) != NULL) {
        text_puts(out, keywords_of(type));
    } else {
        text_printf(out, "\"$ref\":\"#/components/schemas/%s\"", type);
    }
}

void form_describe_type(struct text *out, const char *type, const char *doc)
{
    text_puts(out, "{");
    if (doc != NULL && doc[0] != '\0') {
        text_puts(out, "\"description\":");
        text_put_json(out, doc);
        text_puts(out, ",");
    }
    put_keywords(out, type);
    text_puts(out, "}");
}

void form_describe(struct text *out, const struct form *form)
{
    const char *separator = "";
    text_puts(out, "{\"description\":");
    text_put_json(out, form->doc);
    text_printf(out, ",\"type\":\"object\",\"additionalProperties\":%s,\"required\":[",
                form->is_open ? "true" : "false");
    for (size_t i = 0; i < form->count; i++) {
        if (form->members[i].name[0] == '~')
            continue;
        text_printf(out, "%s\"%s\"", separator, form->members[i].name);
        separator = ",";
    }
    text_puts(out, "],\"properties\":{");
    for (size_t i = 0; i < form->count; i++) {
        const struct member *member = &form->members[i];
        text_printf(out, "%s\"%s\":", i > 0 ? "," : "", member->name + (member->name[0] == '~'));
        form_describe_type(out, member->type, member->doc);
    }
    text_puts(out, "}}");
}
