/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/http_message.h"

#include "base/memory.h"
#include "base/text.h"
#include "health/http_request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_header(const struct check *check, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < check->header_count; i++)
        if (strncasecmp(check->headers[i], name, size) == 0 && check->headers[i][size] == ':')
            return true;
    return false;
}

/* What the check says itself goes before. */
static void put_default(struct text *out, const struct check *check, const char *name, const char *value)
{
    if (!has_header(check, name))
        text_printf(out, "%s: %s\r\n", name, value);
}

static void put_headers(struct text *out, const struct check *check)
{
    put_default(out, check, "User-Agent", HTTP_USER_AGENT);
    put_default(out, check, "Accept", "*/*");
    if (check->reuse_ms == 0)
        text_puts(out, "Connection: close\r\n");
    for (size_t i = 0; i < check->header_count; i++) {
        size_t size = strlen(check->headers[i]);
        bool is_empty = size > 2 && strcmp(check->headers[i] + size - 2, ": ") == 0;
        text_printf(out, "%.*s\r\n", (int)(size - is_empty), check->headers[i]);
    }
}

char *http_message_write(const struct check *check, const char *peer, size_t *size, struct error *err)
{
    struct text out = { 0 };
    char *url = http_request_url(check, peer, err); /* libcurl says whether it is a good one */
    if (url == NULL)
        return NULL;
    free(url);
    char *path = http_request_path(check), *host = http_request_host(check, peer);
    text_printf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\n", check->method, path, host);
    put_headers(&out, check);
    if (check->body != NULL) {
        text_printf(&out, "Content-Length: %zu\r\n", strlen(check->body));
        put_default(&out, check, "Content-Type", "application/x-www-form-urlencoded");
    }
    text_puts(&out, "\r\n");
    if (check->body != NULL)
        text_puts(&out, check->body);
    free(path);
    free(host);
    *size = out.size;
    return text_take(&out);
}
