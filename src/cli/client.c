/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/client.h"

#include "base/memory.h"
#include "cli/client_parts.h"
#include "cli/complaint.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_TIMEOUT_S 5L
#define TIMEOUT_S         120L /* a large configuration takes its time */
#define ANSWER_SIZE_MAX   ((size_t)256 << 20)

bool client_parse_url(const char *url, const char **base, const char **socket_path, struct error *err)
{
    *socket_path = NULL;
    *base = url;
    if (strncmp(url, "unix:", 5) == 0) {
        *socket_path = url + 5;
        *base = "http://localhost";
        return url[5] == '/' ||
               error_set(err, "\"%s\": a socket's path is absolute, as unix:/run/steerd/api.sock", url);
    }
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return error_set(err, "\"%s\" is no URL: use http://127.0.0.1:8053 or unix:/run/steerd/api.sock",
                         url);
    return true;
}

/* Who comes by a socket or shows a certificate may need no token: the server says so if not. */
static enum cli_exit find_token(struct client *client)
{
    struct error err = { "" };
    const struct place *place = &client->place;
    bool may_do_without = client->socket_path != NULL || place->cert != NULL;
    if (token_find(place->token_file, client->token, &err) ||
        (may_do_without && !token_is_named(place->token_file)))
        return CLI_DONE;
    return command_complain(CLI_NOT_ALLOWED, "%s\nname the file with --token-file or STEERD_TOKEN_FILE",
                            err.text);
}

enum cli_exit client_open(const struct options *options, struct client **out)
{
    struct error err = { "" };
    struct client *client = xcalloc(1, sizeof *client);
    enum cli_exit code = CLI_DONE;
    if (!place_find(options, &client->place, &err) ||
        !client_parse_url(client->place.url, &client->base, &client->socket_path, &err))
        code = command_complain(CLI_USAGE, "%s", err.text);
    else
        code = find_token(client);
    if (code != CLI_DONE) {
        client_close(client);
        return code;
    }
    client->curl = curl_easy_init();
    *out = client;
    return CLI_DONE;
}

void client_close(struct client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    place_clear(&client->place);
    free(client);
}

void answer_free(struct answer *answer)
{
    cJSON_Delete(answer->json);
    text_free(&answer->body);
    *answer = (struct answer){ 0 };
}

/* ---- asking ---- */

size_t client_take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct text *body = context;
    if (body->size + size * count > ANSWER_SIZE_MAX)
        return 0;
    text_add(body, bytes, size * count);
    return size * count;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    size_t length = size * count;
    if (length > 5 && strncasecmp(line, "ETag:", 5) == 0) {
        const char *value = line + 5;
        while (value < line + length && isspace((unsigned char)*value))
            value++;
        size_t left = length - (size_t)(value - line);
        while (left > 0 && isspace((unsigned char)value[left - 1]))
            left--;
        snprintf(answer->etag, sizeof answer->etag, "%.*s", (int)left, value);
    }
    return length;
}

static struct curl_slist *headers_for(const struct client *client, const struct call *call)
{
    char line[TOKEN_SIZE_MAX + 64];
    struct curl_slist *headers = NULL;
    snprintf(line, sizeof line, "Authorization: Bearer %s", client->token);
    if (client->token[0] != '\0')
        headers = curl_slist_append(headers, line);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    if (call->if_match != NULL) {
        snprintf(line, sizeof line, "If-Match: %.100s", call->if_match);
        headers = curl_slist_append(headers, line);
    }
    return headers;
}

static void prepare_tls(const struct client *client)
{
    const struct place *place = &client->place;
    if (place->ca != NULL) {
        curl_easy_setopt(client->curl, CURLOPT_CAINFO, place->ca);
        curl_easy_setopt(client->curl, CURLOPT_CAPATH, NULL);
    }
    if (place->cert != NULL)
        curl_easy_setopt(client->curl, CURLOPT_SSLCERT, place->cert);
    if (place->key != NULL)
        curl_easy_setopt(client->curl, CURLOPT_SSLKEY, place->key);
}

static void prepare(const struct client *client, const struct call *call, struct answer *answer)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_error);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* a token is for nobody between */
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    prepare_tls(client);
    if (client->socket_path != NULL)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket_path);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    if (call->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, client_take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
}

enum cli_exit client_complain_unreachable(const struct client *client, CURLcode code)
{
    long os_error = 0;
    const char *what = client->curl_error[0] != '\0' ? client->curl_error : curl_easy_strerror(code);
    curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &os_error);
    if (client->socket_path != NULL && code == CURLE_COULDNT_CONNECT && os_error != 0)
        what = strerror((int)os_error); /* curl speaks of "localhost port 80" */
    return command_complain(
        CLI_UNREACHABLE, "%s: %s\nis steerd running, and is this its API? say where with --url or STEERD_URL",
        client->place.url, what);
}

static char *url_of(const struct client *client, const char *path)
{
    size_t base_size = strlen(client->base);
    while (base_size > 0 && client->base[base_size - 1] == '/')
        base_size--;
    return xasprintf("%.*s%s", (int)base_size, client->base, path);
}

CURLcode client_perform(struct client *client, const struct call *call, struct answer *out,
                        void (*adapt)(CURL *curl, void *context), void *context)
{
    char *url = url_of(client, call->path);
    struct curl_slist *headers = headers_for(client, call);
    client->curl_error[0] = '\0';
    prepare(client, call, out);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    if (adapt != NULL)
        adapt(client->curl, context);
    CURLcode code = curl_easy_perform(client->curl);
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &out->status);
    curl_slist_free_all(headers);
    free(url);
    return code;
}

enum cli_exit client_call(struct client *client, struct call call, struct answer *out)
{
    *out = (struct answer){ .lists = complaint_lists(call.path), .hides_places = call.is_own_body };
    CURLcode code = client_perform(client, &call, out, NULL, NULL);
    free(call.path);
    if (code != CURLE_OK)
        return client_complain_unreachable(client, code);
    out->json = out->body.size > 0 ? cJSON_ParseWithLength(out->body.bytes, out->body.size) : NULL;
    bool is_good = out->status >= 200 && out->status < 300;
    if (is_good && out->json == NULL)
        return command_complain(
            CLI_UNREACHABLE,
            "%s: what answers there is no steerd\nsay where its API is with --url or STEERD_URL",
            client->place.url);
    if (is_good)
        return CLI_DONE;
    return call.is_quiet ? CLI_REFUSED : client_complain(out);
}

/* ---- pieces ---- */

void client_add_escaped(struct text *path, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool is_plain = (*at < 0x80 && isalnum(*at)) || strchr("-._~", *at) != NULL;
        if (is_plain)
            text_add(path, (const char *)at, 1);
        else
            text_printf(path, "%%%02X", *at);
    }
}

void client_add_param(struct text *path, const char *name, const char *value)
{
    if (value == NULL)
        return;
    bool is_first = path->bytes == NULL || strchr(path->bytes, '?') == NULL;
    text_printf(path, "%c%s=", is_first ? '?' : '&', name);
    client_add_escaped(path, value);
}

const char *json_text(const cJSON *object, const char *key)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return value != NULL ? value : "";
}

double json_number(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(value) ? value->valuedouble : 0;
}
