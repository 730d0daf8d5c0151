/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/model.h"

#include "base/memory.h"
#include "model_parts.h"
#include "schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check *check_acquire(struct check *check)
{
    check->references++;
    return check;
}

void check_release(struct check *check)
{
    if (check == NULL || --check->references > 0)
        return;
    free(check->name);
    free(check->target_host);
    free(check->path);
    free(check->method);
    free(check->host_header);
    free(check->sni);
    free(check->body_contains);
    free(check->ca_file);
    free(check);
}

/* ---- strings that mean something ---- */

bool name_accept(const char *text, struct error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(text);
    if (size == 0 || size > 63 || strspn(text, letters) != size)
        return error_set(err, "must be 1 to 63 letters, digits, \".\", \"_\" or \"-\"");
    return true;
}

bool hostname_accept(const char *text, struct error *err)
{
    struct dns_name name;
    struct address address;
    if (address_parse(text, &address))
        return error_set(err, "must be a host name, not an address");
    if (!dns_name_parse(text, NULL, &name) || name.label_count == 0 || text[0] == '@')
        return error_set(err, "must be a host name");
    return true;
}

bool hostname_or_address_accept(const char *text, struct error *err)
{
    struct address address;
    if (address_parse(text, &address) || hostname_accept(text, NULL))
        return true;
    return error_set(err, "must be a host name or an address");
}

bool word_accept(const char *text, struct error *err)
{
    if (strpbrk(text, " \t") != NULL)
        return error_set(err, "must not hold blanks");
    return true;
}

bool path_accept(const char *text, struct error *err)
{
    if (text[0] != '/')
        return error_set(err, "must start with \"/\"");
    return word_accept(text, err);
}

bool absolute_path_accept(const char *text, struct error *err)
{
    return text[0] == '/' || error_set(err, "must be an absolute path");
}

void object_name_check(struct reader *reader)
{
    struct error err;
    if (!name_accept(reader->object->name, &err))
        reader_refuse(reader, "the name %s, got \"%s\"", err.text, reader->object->name);
}

/* ---- status codes ---- */

static bool parse_code(const char **at, uint16_t *out)
{
    unsigned code = 0;
    int digits = 0;
    for (; isdigit((unsigned char)**at) && digits < 4; digits++)
        code = code * 10 + (unsigned)(*(*at)++ - '0');
    *out = (uint16_t)code;
    return digits == 3 && code >= 100 && code <= 599;
}

/* "200-299,401": false if it is not that, or too much of it. */
static bool parse_codes(const char *text, struct check *check)
{
    for (;;) {
        struct code_range range;
        while (*text == ' ')
            text++;
        if (!parse_code(&text, &range.low))
            return false;
        range.high = range.low;
        if (*text == '-' && (text++, !parse_code(&text, &range.high)))
            return false;
        if (range.low > range.high || check->code_count == CHECK_CODE_RANGES_MAX)
            return false;
        check->codes[check->code_count++] = range;
        if (*text != ',')
            return *text == '\0';
        text++;
    }
}

static void read_code_item(struct reader *reader, const cJSON *value, struct check *check)
{
    char digits[32] = "";
    const char *text = digits;
    if (cJSON_IsString(value))
        text = value->valuestring;
    else if (cJSON_IsNumber(value) && value->valuedouble == value->valueint)
        snprintf(digits, sizeof digits, "%d", value->valueint);
    if (!parse_codes(text, check))
        reader_expect(reader, value,
                      "must be status codes or ranges such as \"200-299,401\", at most %d in all",
                      CHECK_CODE_RANGES_MAX);
}

static void read_codes(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const cJSON *element;
    size_t index = 0;
    (void)field;
    if (!cJSON_IsArray(value) || value->child == NULL) {
        read_code_item(reader, value, base);
        return;
    }
    cJSON_ArrayForEach(element, value)
    {
        size_t before = reader_enter_index(reader, index++);
        read_code_item(reader, element, base);
        reader_leave(reader, before);
    }
}

static void describe_codes(const struct field *field, struct text *out)
{
    static const char one[] = "{ \"type\": \"integer\", \"minimum\": 100, \"maximum\": 599 }, { \"type\": "
                              "\"string\", \"pattern\": \"^ *[1-5][0-9][0-9](-[1-5][0-9][0-9])?(, "
                              "*[1-5][0-9][0-9](-[1-5][0-9][0-9])?)*$\" }";
    (void)field;
    text_printf(out,
                "\"anyOf\": [%s, { \"type\": \"array\", \"minItems\": 1, \"items\": { \"anyOf\": [%s] } }]",
                one, one);
}

const struct field_type type_codes = { read_codes, describe_codes };

/* ---- the object ---- */

/* An option that the check's type does not look at is a misunderstanding. */
static void refuse_unused(struct reader *reader, const struct check *check)
{
    static const struct {
        const char *key;
        bool needs_tls;
    } of_http[] = { { "path", false },  { "method", false },        { "host_header", false },
                    { "codes", false }, { "body_contains", false }, { "sni", true },
                    { "verify", true }, { "ca_file", true } };
    for (size_t i = 0; i < sizeof of_http / sizeof *of_http; i++) {
        bool is_used = check->type == CHECK_HTTPS || (check->type == CHECK_HTTP && !of_http[i].needs_tls);
        if (is_used || cJSON_GetObjectItemCaseSensitive(reader->root, of_http[i].key) == NULL)
            continue;
        size_t before = reader_enter(reader, of_http[i].key);
        reader_refuse(reader, "has no meaning for a check of type \"%s\"",
                      check->type == CHECK_TCP ? "tcp" : "http");
        reader_leave(reader, before);
    }
}

struct check *check_parse(const struct object *object, struct problems *problems)
{
    struct reader reader;
    if (!reader_open(object, problems, &reader))
        return NULL;
    struct check *check = xcalloc(1, sizeof *check);
    check->references = 1;
    check->name = xstrdup(object->name);
    object_name_check(&reader);
    shape_read(&reader, &shape_check, reader.root, check);
    refuse_unused(&reader, check);
    if (check->type == CHECK_TCP && cJSON_GetObjectItemCaseSensitive(reader.root, "port") == NULL)
        reader_refuse(&reader, "a check of type \"tcp\" needs a \"port\"");
    bool reads_no_body = check->method != NULL && strcmp(check->method, "HEAD") == 0;
    if (reads_no_body && check->body_contains != NULL)
        reader_refuse(&reader, "\"body_contains\" needs method \"GET\": an answer to HEAD has no body");
    if (reader_close(&reader))
        return check;
    check_release(check);
    return NULL;
}
