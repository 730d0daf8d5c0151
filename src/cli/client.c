/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/client.h"

#include "base/memory.h"
#include "cli/download.h"
#include "cli/place.h"
#include "cli/token.h"

#include <curl/curl.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_TIMEOUT_S 5L
#define TIMEOUT_S         120L /* a large configuration takes its time */
#define ANSWER_SIZE_MAX   ((size_t)256 << 20)

struct client {
    CURL *curl;
    struct place place;
    const char *base, *socket_path;
    char token[TOKEN_SIZE_MAX];
    char curl_error[CURL_ERROR_SIZE];
};

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

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
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

static void prepare(struct client *client, const struct call *call, struct answer *answer)
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
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
}

/* ---- what went wrong ---- */

/* What lists the things that a path names; the first row that fits. */
static const char *lists_for(const char *path)
{
    static const struct {
        const char *begins, *lists;
    } rows[] = {
        { "/v1/generations", "steerctl history" },      { "/v1/zones", "steerctl list zones" },
        { "/v1/tokens", "steerctl token list" },        { "/v1/checks", "steerctl list checks" },
        { "/v1/policies", "steerctl list policies" },   { "/v1/maps", "steerctl list maps" },
        { "/v1/locations", "steerctl list locations" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strncmp(path, rows[i].begins, strlen(rows[i].begins)) == 0)
            return rows[i].lists;
    }
    return "steerctl endpoints, steerctl list pools";
}

static const char *advice_for(long status)
{
    switch (status) {
    case 401: return "the token is not this server's: give its admin.token with --token-file";
    case 403: return "use a token with a greater role";
    case 412: return "somebody was faster: look at steerctl history, then repeat";
    case 413: return "put it into files on the server, and steerctl reload";
    case 428: return "say what it replaces: steerctl apply does, or --if-generation";
    case 503: return "try again soon, and look at the server's log";
    default: return NULL;
    }
}

static void add_place(struct text *out, const cJSON *error)
{
    const char *file = json_text(error, "file");
    double line = json_number(error, "line");
    text_puts(out, file);
    if (line > 0)
        text_printf(out, "%s%.0f:%.0f", file[0] != '\0' ? ":" : "", line, json_number(error, "column"));
    if (file[0] != '\0' || line > 0)
        text_puts(out, ": ");
}

static void add_errors(struct text *out, const struct answer *answer)
{
    const cJSON *error;
    cJSON_ArrayForEach(error, cJSON_GetObjectItemCaseSensitive(answer->json, "errors"))
    {
        const char *pointer = json_text(error, "pointer");
        if (cJSON_HasObjectItem(error, "parameter"))
            continue; /* the detail of the whole says the same */
        text_puts(out, "\n  ");
        if (!answer->hides_places)
            add_place(out, error);
        text_printf(out, "%s%s%s", pointer, pointer[0] != '\0' ? ": " : "", json_text(error, "detail"));
    }
}

enum cli_exit client_complain(const struct answer *answer)
{
    struct text message = { 0 };
    const char *advice = advice_for(answer->status);
    const char *detail = json_text(answer->json, "detail");
    if (detail[0] != '\0')
        text_puts(&message, detail);
    else
        text_printf(&message, "the server answered HTTP %ld", answer->status);
    add_errors(&message, answer);
    if (strstr(detail, "force=true") != NULL)
        advice = "if that is meant: --force";
    if (advice != NULL)
        text_printf(&message, "\n%s", advice);
    else if (answer->status == 404 && answer->lists != NULL)
        text_printf(&message, "\nsee what there is: %s", answer->lists);
    bool is_auth = answer->status == 401 || answer->status == 403;
    command_complain(CLI_REFUSED, "%s", message.bytes);
    text_free(&message);
    return is_auth ? CLI_NOT_ALLOWED : CLI_REFUSED;
}

static enum cli_exit complain_unreachable(const struct client *client, CURLcode code)
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

enum cli_exit client_call(struct client *client, struct call call, struct answer *out)
{
    *out = (struct answer){ .lists = lists_for(call.path), .hides_places = call.is_own_body };
    client->curl_error[0] = '\0';
    char *url = url_of(client, call.path);
    struct curl_slist *headers = headers_for(client, &call);
    prepare(client, &call, out);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(client->curl);
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &out->status);
    curl_slist_free_all(headers);
    free(url);
    free(call.path);
    if (code != CURLE_OK)
        return complain_unreachable(client, code);
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

/* ---- following ---- */

/* The server says something every 15 s: who hears nothing for so long has lost it. */
#define SILENCE_S 45L

struct following {
    struct client *client;
    struct answer refusal; /* the body of what is no success */
    bool (*take)(void *context, const char *bytes, size_t size);
    void *context;
    bool has_stopped;
};

static size_t take_piece(char *bytes, size_t size, size_t count, void *context)
{
    struct following *following = context;
    long status = 0;
    curl_easy_getinfo(following->client->curl, CURLINFO_RESPONSE_CODE, &status);
    following->refusal.status = status;
    if (status != 200)
        return take_body(bytes, size, count, &following->refusal.body);
    following->has_stopped = !following->take(following->context, bytes, size * count);
    return following->has_stopped ? 0 : size * count;
}

enum cli_exit client_follow(struct client *client, char *path, bool is_patient,
                            bool (*take)(void *context, const char *bytes, size_t size), void *context)
{
    const struct call call = { .method = "GET" };
    struct following following = { .client = client, .take = take, .context = context };
    char *url = url_of(client, path);
    struct curl_slist *headers = headers_for(client, &call);
    client->curl_error[0] = '\0';
    prepare(client, &call, &following.refusal);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, 0L);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_piece);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &following);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(client->curl);
    curl_slist_free_all(headers);
    free(url);
    free(path);
    struct answer *refusal = &following.refusal;
    enum cli_exit result = CLI_DONE;
    if (refusal->status != 0 && refusal->status != 200) {
        refusal->json = cJSON_ParseWithLength(refusal->body.bytes, refusal->body.size);
        result = client_complain(refusal);
    } else if (code != CURLE_OK && refusal->status == 0) {
        result = is_patient ? CLI_UNREACHABLE : complain_unreachable(client, code);
    }
    answer_free(refusal);
    return result;
}

/* ---- downloading ---- */

#define COPYING_S 600L /* that the server may take before the first byte, and be silent in between */

struct downloading {
    struct client *client;
    struct answer refusal; /* the body of what is no success */
    struct download download;
};

static size_t take_file(char *bytes, size_t size, size_t count, void *context)
{
    struct downloading *downloading = context;
    long *status = &downloading->refusal.status;
    curl_easy_getinfo(downloading->client->curl, CURLINFO_RESPONSE_CODE, status);
    if (*status != 200)
        return take_body(bytes, size, count, &downloading->refusal.body);
    return download_take(&downloading->download, bytes, size * count) ? size * count : 0;
}

static size_t take_file_header(char *line, size_t size, size_t count, void *context)
{
    struct downloading *downloading = context;
    download_take_header(&downloading->download, line, size * count);
    return size * count;
}

static enum cli_exit conclude_download(struct downloading *downloading, CURLcode code)
{
    struct error err;
    struct answer *refusal = &downloading->refusal;
    struct download *download = &downloading->download;
    bool is_whole = download_end(download, &err);
    curl_easy_getinfo(downloading->client->curl, CURLINFO_RESPONSE_CODE, &refusal->status);
    if (download->write_error != 0)
        return command_complain(CLI_REFUSED, "the file: %s", strerror(download->write_error));
    if (code != CURLE_OK)
        return complain_unreachable(downloading->client, code);
    if (refusal->status != 200) {
        refusal->json = cJSON_ParseWithLength(refusal->body.bytes, refusal->body.size);
        return client_complain(refusal);
    }
    return is_whole ? CLI_DONE : command_complain(CLI_UNREACHABLE, "%s", err.text);
}

enum cli_exit client_download(struct client *client, char *path, int fd, char digest[64], uint64_t *size)
{
    const struct call call = { .method = "GET" };
    struct downloading downloading = { .client = client };
    char *url = url_of(client, path);
    struct curl_slist *headers = headers_for(client, &call);
    CURLcode code = CURLE_FAILED_INIT;
    client->curl_error[0] = '\0';
    if (download_begin(&downloading.download, fd)) {
        prepare(client, &call, &downloading.refusal);
        curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, 0L);
        curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, COPYING_S);
        curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_file);
        curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &downloading);
        curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, take_file_header);
        curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, &downloading);
        curl_easy_setopt(client->curl, CURLOPT_URL, url);
        curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
        code = curl_easy_perform(client->curl);
    }
    curl_slist_free_all(headers);
    free(url);
    free(path);
    enum cli_exit result = conclude_download(&downloading, code);
    snprintf(digest, 64, "%s", downloading.download.announced);
    *size = downloading.download.size;
    answer_free(&downloading.refusal);
    return result;
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
