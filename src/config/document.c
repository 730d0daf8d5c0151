/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/document.h"

#include "base/memory.h"
#include "file.h"
#include "json.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

/* Takes over `text`. */
static bool scan_owned(const char *file, char *text, size_t size, struct problems *problems,
                       struct document *out)
{
    *out = (struct document){ 0 };
    if (!json_scan(file, text, size, problems, &out->ends)) {
        free(text);
        return false;
    }
    out->file = file != NULL ? xstrdup(file) : NULL;
    out->text = text;
    out->size = size;
    return true;
}

bool document_scan(const char *file, const char *text, size_t size, struct problems *problems,
                   struct document *out)
{
    char *copy = xcalloc(1, size + 1);
    if (size > 0)
        memcpy(copy, text, size);
    return scan_owned(file, copy, size, problems, out);
}

bool document_load(const char *file, struct problems *problems, struct document *out)
{
    size_t size;
    struct error err;
    char *text = file_read(file, &size, &err);
    *out = (struct document){ 0 };
    if (text == NULL) {
        problems_add(problems, file, 0, 0, "", "%s", err.text);
        return false;
    }
    return scan_owned(file, text, size, problems, out);
}

void document_free(struct document *document)
{
    free(document->file);
    free(document->text);
    free(document->ends.spans);
    *document = (struct document){ 0 };
}

bool document_next_member(const struct document *document, struct span object, size_t *at, char **key,
                          struct span *value)
{
    struct json_member member;
    if (!json_next_member_over(document->text, &document->ends, object, at, &member))
        return false;
    *key = json_unescape(document->text, member.key, NULL);
    *value = member.value;
    return true;
}

bool document_next_element(const struct document *document, struct span array, size_t *at, struct span *value)
{
    return json_next_element(document->text, array, at, value);
}

cJSON *document_parse(const struct document *document, struct span value)
{
    return cJSON_ParseWithLength(document->text + value.at, value.size);
}

/* The reference token at *pointer (behind its slash), unescaped (RFC 6901 §4). */
static char *next_token(const char **pointer)
{
    const char *from = *pointer + 1;
    size_t size = strcspn(from, "/");
    char *token = xstrndup(from, size), *out = token;
    *pointer = from + size;
    for (const char *at = token; *at != '\0'; at++) {
        bool is_escape = at[0] == '~' && (at[1] == '0' || at[1] == '1');
        *out++ = is_escape ? (at[1] == '0' ? '~' : '/') : *at;
        at += is_escape;
    }
    *out = '\0';
    return token;
}

static bool find_member(const char *text, struct span object, const char *key, struct span *out)
{
    struct json_member member;
    for (size_t at = 0; json_next_member(text, object, &at, &member);) {
        if (json_string_is(text, member.key, key)) {
            *out = member.value;
            return true;
        }
    }
    return false;
}

static bool find_element(const char *text, struct span array, const char *token, struct span *out)
{
    char *end;
    unsigned long index = strtoul(token, &end, 10);
    if (token[0] < '0' || token[0] > '9' || *end != '\0')
        return false;
    for (size_t at = 0; json_next_element(text, array, &at, out); index--) {
        if (index == 0)
            return true;
    }
    return false;
}

void document_locate(const struct document *document, struct span base, const char *pointer, unsigned *line,
                     unsigned *column)
{
    const char *text = document->text;
    struct span here = json_trim(text, base), next;
    bool is_found = true;
    while (is_found && *pointer == '/') {
        char *token = next_token(&pointer);
        if (here.size > 0 && text[here.at] == '[')
            is_found = find_element(text, here, token, &next);
        else
            is_found = find_member(text, here, token, &next);
        if (is_found)
            here = next;
        free(token);
    }
    json_position(text, here.at, line, column);
}
