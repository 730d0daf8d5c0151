/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/check_values.h"

#include "base/memory.h"
#include "dns/name.h"
#include "dns/type.h"
#include "model_parts.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

/* ---- strings that mean something ---- */

bool method_accept(const char *text, struct error *err)
{
    size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (size == 0 || size > 16 || text[size] != '\0')
        return error_set(err, "must be a method such as \"GET\", \"HEAD\" or \"POST\"");
    return strcmp(text, "CONNECT") != 0 || error_set(err, "must not be \"CONNECT\"");
}

/* Matching costs what expression and text allow together.  Back references and nested repetitions would let
 * an endpoint stop the checker with a few kilobytes. */
bool regex_accept(const char *text, struct error *err)
{
    regex_t regex;
    char words[128];
    size_t braces = 0;
    for (const char *at = text; *at != '\0'; at++) {
        braces += *at == '{';
        if (*at == '\\' && isdigit((unsigned char)at[1]))
            return error_set(err, "must not refer back");
        if (*at == '\\' && at[1] != '\0')
            at++;
    }
    if (braces > 1)
        return error_set(err, "must not hold more than one \"{\"");
    int result = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB);
    if (result != 0) {
        regerror(result, &regex, words, sizeof words);
        return error_set(err, "must be a POSIX extended regular expression (%s)", words);
    }
    regfree(&regex);
    return true;
}

bool dns_name_accept(const char *text, struct error *err)
{
    struct dns_name name;
    return (text[0] != '@' && dns_name_parse(text, NULL, &name)) || error_set(err, "must be a domain name");
}

/* ---- what a calculated check rests on ---- */

bool input_accept(const char *text, struct error *err)
{
    struct error why;
    if (strchr(text, '/') != NULL)
        return error_set(err,
                         "must be the name of a check, not of an endpoint: what lies beyond the endpoint is "
                         "measured by a check with a \"host\"");
    return name_accept(check_input_name(text), &why) ||
           error_set(err, "must be the name of a check, with \"!\" in front if it is to be down");
}

static void read_require(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    uint16_t *needed = field_member(field, base);
    double number = cJSON_IsNumber(value) ? value->valuedouble : 0;
    if (cJSON_IsString(value) && strcmp(value->valuestring, "all") == 0)
        *needed = 0;
    else if (cJSON_IsString(value) && strcmp(value->valuestring, "any") == 0)
        *needed = 1;
    else if (number >= 1 && number <= CHECK_INPUTS_MAX && number == (uint16_t)number)
        *needed = (uint16_t)number;
    else
        reader_expect(reader, value, "must be \"all\", \"any\" or how many, 1..%d", CHECK_INPUTS_MAX);
}

static void describe_require(const struct field *field, struct text *out)
{
    (void)field;
    text_printf(out,
                "\"anyOf\": [{ \"enum\": [\"all\", \"any\"] }, { \"type\": \"integer\", \"minimum\": 1, "
                "\"maximum\": %d }]",
                CHECK_INPUTS_MAX);
}

const struct field_type type_require = { read_require, describe_require };

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

/* ---- addresses to connect from ---- */

static void read_source(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    if (!cJSON_IsString(value) || !address_parse(value->valuestring, field_member(field, base)))
        reader_expect(reader, value, "must be an address");
}

static void describe_source(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"anyOf\": [{ \"type\": \"string\", \"format\": \"ipv4\" }, { \"type\": \"string\", "
                   "\"format\": \"ipv6\" }]");
}

const struct field_type type_source = { read_source, describe_source };

/* ---- headers ---- */

/* These are made from other options, or say where a message ends. */
static bool header_is_ours(const char *name)
{
    static const char *const ours[] = { "host", "connection", "content-length", "transfer-encoding" };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcasecmp(name, ours[i]) == 0)
            return true;
    return false;
}

static bool header_name_is_good(const char *name)
{
    size_t size = strlen(name); /* RFC 9110 §5.6.2 */
    return size > 0 && size <= 100 &&
           strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
               size;
}

static bool check_header(struct reader *reader, const cJSON *value)
{
    if (!header_name_is_good(value->string))
        return reader_refuse(reader, "is no name of a header");
    if (header_is_ours(value->string))
        return reader_refuse(reader, "is not to be set here%s",
                             strcasecmp(value->string, "host") == 0 ? ": use \"host_header\"" : "");
    if (!cJSON_IsString(value) || strlen(value->valuestring) > 4096)
        return reader_expect(reader, value, "must be a string of at most 4096 bytes");
    for (const char *at = value->valuestring; *at != '\0'; at++)
        if (iscntrl((unsigned char)*at))
            return reader_refuse(reader, "must not hold control characters");
    return true;
}

static void read_headers(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const cJSON *member;
    char ***list = field_member(field, base);
    size_t *count = (size_t *)((char *)base + field->count_offset);
    if (!cJSON_IsObject(value)) {
        reader_expect(reader, value, "must be an object of header names and values");
        return;
    }
    int room = cJSON_GetArraySize(value);
    if (room > field->most) {
        reader_refuse(reader, "must have at most %lld headers, got %d", (long long)field->most, room);
        return;
    }
    *list = xcalloc((size_t)room + 1, sizeof **list);
    cJSON_ArrayForEach(member, value)
    {
        size_t before = reader_enter(reader, member->string);
        if (check_header(reader, member))
            (*list)[(*count)++] = xasprintf("%s: %s", member->string, member->valuestring);
        reader_leave(reader, before);
    }
}

static void describe_headers(const struct field *field, struct text *out)
{
    text_printf(out,
                "\"type\": \"object\", \"additionalProperties\": { \"type\": \"string\" }, "
                "\"maxProperties\": %lld",
                (long long)field->most);
}

const struct field_type type_headers = { read_headers, describe_headers };

/* ---- record types ---- */

static void read_query_type(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    if (!cJSON_IsString(value) || !dns_type_parse(value->valuestring, field_member(field, base)))
        reader_expect(reader, value, "must be a record type such as \"A\" or \"TYPE65280\"");
}

static void describe_query_type(const struct field *field, struct text *out)
{
    (void)field;
    text_puts(out, "\"type\": \"string\", \"minLength\": 1");
}

const struct field_type type_query_type = { read_query_type, describe_query_type };
