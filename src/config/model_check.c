/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/model.h"

#include "base/memory.h"
#include "config/check_values.h"
#include "model_parts.h"
#include "schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- the object ---- */

#define OF(type)  (1u << CHECK_##type)
#define WEB       (OF(HTTP) | OF(HTTPS))
#define SECURE    (OF(HTTPS) | OF(TLS) | OF(GRPC))
#define CONNECTED (WEB | SECURE | OF(TCP))
#define MEASURED  (CONNECTED | OF(DNS) | OF(ICMP) | OF(EXEC))

/* The types that look at an option; what is not here is everybody's. */
static const struct {
    const char *key;
    unsigned types;
} uses[] = {
    { "interval", MEASURED },
    { "timeout", MEASURED },
    { "jitter_percent", MEASURED },
    { "confirm", MEASURED },
    { "host", MEASURED },
    { "port", CONNECTED | OF(DNS) | OF(EXEC) },
    { "source", CONNECTED | OF(DNS) | OF(ICMP) },
    { "path", WEB },
    { "method", WEB },
    { "host_header", WEB | OF(GRPC) },
    { "headers", WEB },
    { "body", WEB },
    { "codes", WEB },
    { "body_contains", WEB },
    { "body_matches", WEB },
    { "redirects", WEB },
    { "reuse", WEB },
    { "tls", OF(GRPC) },
    { "sni", SECURE },
    { "verify", SECURE },
    { "ca_file", SECURE },
    { "warn_before", SECURE },
    { "send", OF(TCP) },
    { "expect", OF(TCP) },
    { "query", OF(DNS) },
    { "query_type", OF(DNS) },
    { "rcode", OF(DNS) },
    { "answer", OF(DNS) },
    { "service", OF(GRPC) },
    { "command", OF(EXEC) },
    { "ttl", OF(PUSH) },
    { "latency_of", CONNECTED | OF(DNS) | OF(ICMP) },
    { "rise", MEASURED | OF(PUSH) },
    { "fall", MEASURED | OF(PUSH) },
    { "damp", MEASURED | OF(PUSH) },
    { "of", OF(CALCULATED) },
    { "require", OF(CALCULATED) },
};

static bool is_given(const struct reader *reader, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(reader->root, key) != NULL;
}

static void refuse_option(struct reader *reader, const char *key, const char *words)
{
    size_t before = reader_enter(reader, key);
    reader_refuse(reader, "%s", words);
    reader_leave(reader, before);
}

/* An option that the check's type does not look at is a misunderstanding. */
static void refuse_unused(struct reader *reader, const struct check *check)
{
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        if ((uses[i].types & 1u << check->type) != 0 || !is_given(reader, uses[i].key))
            continue;
        size_t before = reader_enter(reader, uses[i].key);
        reader_refuse(reader, "has no meaning for a check of type \"%s\"", check_type_name(check->type));
        reader_leave(reader, before);
    }
}

static void demand(struct reader *reader, const struct check *check, unsigned types, const char *key)
{
    if ((types & 1u << check->type) != 0 && !is_given(reader, key))
        reader_refuse(reader, "a check of type \"%s\" needs a \"%s\"", check_type_name(check->type), key);
}

static void check_request(struct reader *reader, const struct check *check)
{
    bool is_head = check->method != NULL && strcmp(check->method, "HEAD") == 0;
    bool is_get = check->method != NULL && strcmp(check->method, "GET") == 0;
    if (is_head && (check->body_contains != NULL || check->body_matches != NULL))
        reader_refuse(reader, "\"%s\" needs method \"GET\": an answer to HEAD has no body",
                      check->body_contains != NULL ? "body_contains" : "body_matches");
    if (check->body != NULL && (is_head || is_get))
        reader_refuse(reader, "\"body\" needs a \"method\" such as \"POST\"");
}

static void check_rest(struct reader *reader, const struct check *check)
{
    uint8_t rdata[CHECK_RDATA_SIZE_MAX];
    size_t size;
    if (is_given(reader, "command") && (check->command_count == 0 || check->command[0][0] != '/'))
        refuse_option(reader, "command", "must start with an absolute path");
    if (check->answer != NULL && check->rcode != 0)
        refuse_option(reader, "answer", "has no meaning for another rcode than \"NOERROR\"");
    else if (check->answer != NULL && !check_answer_rdata(check, rdata, &size))
        refuse_option(
            reader, "answer",
            "must be an address for A and AAAA, a name for CNAME, NS and PTR, a text for TXT; other "
            "types cannot be compared");
    if (check->type == CHECK_GRPC && !check->uses_tls) {
        static const char *const secure[] = { "sni", "verify", "ca_file", "warn_before" };
        for (size_t i = 0; i < sizeof secure / sizeof *secure; i++)
            if (is_given(reader, secure[i]))
                refuse_option(reader, secure[i], "has no meaning without \"tls\"");
    }
}

static void note_said(const struct reader *reader, struct check *check)
{
    static const struct {
        const char *key;
        uint8_t bit;
    } keys[] = {
        { "interval", CHECK_SAYS_INTERVAL },
        { "timeout", CHECK_SAYS_TIMEOUT },
        { "fall", CHECK_SAYS_FALL },
        { "confirm", CHECK_SAYS_CONFIRM },
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (is_given(reader, keys[i].key))
            check->says |= keys[i].bit;
    if (check->type == CHECK_PUSH || check->type == CHECK_CALCULATED) /* these have a pace of their own */
        check->says |= CHECK_SAYS_INTERVAL | CHECK_SAYS_TIMEOUT | CHECK_SAYS_FALL | CHECK_SAYS_CONFIRM;
}

/* Who reports has measured already: a report counts at once.  Without one, results come at the pace of the
 * time to live. */
static void settle_push(const struct reader *reader, struct check *check)
{
    if (!is_given(reader, "rise"))
        check->rise = 1;
    if (!is_given(reader, "fall"))
        check->fall = 1;
    check->interval_ms = check->ttl_ms;
    check->timeout_ms = 0;
}

/* A step that the check never takes would leave its endpoints without a latency. */
static void check_latency_of(struct reader *reader, const struct check *check)
{
    unsigned type = 1u << check->type;
    bool has_tls = (type & (OF(HTTPS) | OF(TLS))) != 0 || check->uses_tls;
    bool has_reply = (type & (WEB | OF(GRPC))) != 0 || check->expect != NULL;
    if (check->latency_of == LATENCY_OF_TLS && !has_tls)
        refuse_option(reader, "latency_of", "is \"tls\", but this check makes no TLS handshake");
    if (check->latency_of == LATENCY_OF_FIRST_BYTE && !has_reply)
        refuse_option(reader, "latency_of",
                      "is \"first_byte\", but this check waits for no reply behind the connect: "
                      "http, https and grpc do, and tcp with \"expect\"");
}

static void settle_calculated(struct reader *reader, struct check *check)
{
    check->interval_ms = check->timeout_ms = 0;
    const cJSON *of = cJSON_GetObjectItemCaseSensitive(reader->root, "of");
    if (cJSON_IsArray(of) && of->child == NULL)
        refuse_option(reader, "of", "must name at least one check");
    for (size_t i = 0; i < check->input_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(check_input_name(check->inputs[i]), check_input_name(check->inputs[k])) == 0) {
                refuse_option(reader, "of", "names a check twice");
                return;
            }
    if (check->needed > check->input_count)
        refuse_option(reader, "require", "is more than there are in \"of\"");
    if (check->needed == 0)
        check->needed = (uint16_t)check->input_count;
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
    demand(&reader, check, OF(TCP) | OF(GRPC), "port");
    demand(&reader, check, OF(DNS), "query");
    demand(&reader, check, OF(EXEC), "command");
    demand(&reader, check, OF(PUSH), "ttl");
    demand(&reader, check, OF(CALCULATED), "of");
    note_said(&reader, check);
    check_request(&reader, check);
    check_rest(&reader, check);
    if (check->type == CHECK_PUSH)
        settle_push(&reader, check);
    check_latency_of(&reader, check);
    if (check->type == CHECK_CALCULATED)
        settle_calculated(&reader, check);
    if (reader_close(&reader))
        return check;
    check_release(check);
    return NULL;
}
