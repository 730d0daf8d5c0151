/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/target.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Decodes percent escapes in place (RFC 3986 §2.1), in parameters also "+" as forms write a space. */
static bool decode(char *text, bool is_param, struct error *err)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '+' && is_param) {
            *to++ = ' ';
            continue;
        }
        if (*at != '%') {
            *to++ = *at;
            continue;
        }
        int high = hex_digit(at[1]);
        int low = high < 0 ? -1 : hex_digit(at[2]);
        if (low < 0)
            return error_set(err, "the request target has a '%%' that two hexadecimal digits do not follow");
        if (high == 0 && low == 0)
            return error_set(err, "the request target has a NUL byte (%%00)");
        *to++ = (char)(high << 4 | low);
        at += 2;
    }
    *to = '\0';
    return true;
}

/* Takes scheme and authority off the absolute form, which servers must accept (RFC 9112 §3.2.2). */
static const char *origin_form(const char *raw)
{
    if (strncasecmp(raw, "http://", 7) != 0)
        return raw;
    const char *path = strpbrk(raw + 7, "/?");
    return path != NULL && *path == '/' ? path : "/";
}

static bool parse_path(char *path, struct target *out, struct error *err)
{
    if (path[0] != '/')
        return error_set(err, "the request target must begin with '/'");
    for (char *rest = path + 1; rest != NULL;) {
        if (out->segment_count == TARGET_SEGMENTS_MAX)
            return error_set(err, "the path has more than %d segments", TARGET_SEGMENTS_MAX);
        char *segment = strsep(&rest, "/");
        if (!decode(segment, false, err))
            return false;
        out->segments[out->segment_count++] = segment;
    }
    return true;
}

static bool parse_query(char *query, struct target *out, struct error *err)
{
    while (query != NULL) {
        char *value = strsep(&query, "&");
        if (*value == '\0')
            continue;
        if (out->param_count == TARGET_PARAMS_MAX)
            return error_set(err, "the query has more than %d parameters", TARGET_PARAMS_MAX);
        char *name = strsep(&value, "=");
        if (value == NULL)
            value = name + strlen(name);
        if (!decode(name, true, err) || !decode(value, true, err))
            return false;
        out->params[out->param_count].name = name;
        out->params[out->param_count++].value = value;
    }
    return true;
}

bool target_parse(const char *raw, struct target *out, struct error *err)
{
    *out = (struct target){ .block = xstrdup(origin_form(raw)) };
    out->block[strcspn(out->block, "#")] = '\0';
    char *query = out->block;
    char *path = strsep(&query, "?");
    if (parse_path(path, out, err) && parse_query(query, out, err))
        return true;
    target_clear(out);
    return false;
}

void target_clear(struct target *target)
{
    free(target->block);
    *target = (struct target){ 0 };
}

const char *target_param(const struct target *target, const char *name)
{
    for (size_t i = 0; i < target->param_count; i++) {
        if (strcmp(target->params[i].name, name) == 0)
            return target->params[i].value;
    }
    return NULL;
}
