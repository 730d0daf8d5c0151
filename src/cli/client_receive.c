/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies without an end in sight: they may last, but not fall silent. */
#include "cli/client_parts.h"
#include "cli/download.h"

#include <stdlib.h>
#include <string.h>

/* The server says something every 15 s: who hears nothing for so long has lost it. */
#define SILENCE_S 45L
#define COPYING_S \
    600L /* that the server may take before the first byte of a file, and be silent in between */

struct receiving {
    struct client *client;
    struct answer refusal; /* the body of what is no success */
    long silence_s;
    bool (*take)(void *context, const char *bytes, size_t size); /* false: it is enough */
    void (*take_header)(void *context, const char *line, size_t size);
    void *context;
};

static size_t take_piece(char *bytes, size_t size, size_t count, void *context)
{
    struct receiving *receiving = context;
    long status = 0;
    curl_easy_getinfo(receiving->client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return client_take_body(bytes, size, count, &receiving->refusal.body);
    return receiving->take(receiving->context, bytes, size * count) ? size * count : 0;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    struct receiving *receiving = context;
    if (receiving->take_header != NULL)
        receiving->take_header(receiving->context, line, size * count);
    return size * count;
}

static void adapt(CURL *curl, void *context)
{
    const struct receiving *receiving = context;
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 0L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, receiving->silence_s);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, receiving);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, receiving);
}

/* Frees the path. */
static CURLcode receive(struct receiving *receiving, char *path)
{
    const struct call call = { .method = "GET", .path = path };
    struct answer *refusal = &receiving->refusal;
    CURLcode code = client_perform(receiving->client, &call, refusal, adapt, receiving);
    free(path);
    if (refusal->status != 0 && refusal->status != 200)
        refusal->json = cJSON_ParseWithLength(refusal->body.bytes, refusal->body.size);
    return code;
}

enum cli_exit client_follow(struct client *client, char *path, bool is_patient,
                            bool (*take)(void *context, const char *bytes, size_t size), void *context)
{
    struct receiving receiving = {
        .client = client, .silence_s = SILENCE_S, .take = take, .context = context
    };
    CURLcode code = receive(&receiving, path);
    const struct answer *refusal = &receiving.refusal;
    enum cli_exit result = CLI_DONE;
    if (refusal->status != 0 && refusal->status != 200)
        result = client_complain(refusal);
    else if (code != CURLE_OK && refusal->status == 0)
        result = is_patient ? CLI_UNREACHABLE : client_complain_unreachable(client, code);
    answer_free(&receiving.refusal);
    return result;
}

/* ---- a file ---- */

static bool take_file(void *context, const char *bytes, size_t size)
{
    return download_take(context, bytes, size);
}

static void take_file_header(void *context, const char *line, size_t size)
{
    download_take_header(context, line, size);
}

static enum cli_exit conclude_download(const struct receiving *receiving, struct download *download,
                                       CURLcode code)
{
    struct error err;
    bool is_whole = download_end(download, &err);
    if (download->write_error != 0)
        return command_complain(CLI_REFUSED, "the file: %s", strerror(download->write_error));
    if (code != CURLE_OK)
        return client_complain_unreachable(receiving->client, code);
    if (receiving->refusal.status != 200)
        return client_complain(&receiving->refusal);
    return is_whole ? CLI_DONE : command_complain(CLI_UNREACHABLE, "%s", err.text);
}

enum cli_exit client_download(struct client *client, char *path, int fd, char digest[64], uint64_t *size)
{
    struct download download = { 0 };
    struct receiving receiving = { .client = client,
                                   .silence_s = COPYING_S,
                                   .take = take_file,
                                   .take_header = take_file_header,
                                   .context = &download };
    CURLcode code = CURLE_FAILED_INIT;
    if (download_begin(&download, fd))
        code = receive(&receiving, path);
    else
        free(path);
    enum cli_exit result = conclude_download(&receiving, &download, code);
    snprintf(digest, 64, "%s", download.announced);
    *size = download.size;
    answer_free(&receiving.refusal);
    return result;
}
