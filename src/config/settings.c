/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/settings.h"

#include "base/memory.h"
#include "file.h"
#include "model_parts.h"
#include "schema.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_MAX 64

static const char unix_prefix[] = "unix:";

/* ---- where to listen ---- */

static bool parse_listen(const char *text, bool allows_unix, struct settings_listen *out, struct error *err)
{
    const char *form = allows_unix
                           ? "must be an address with a port such as \"127.0.0.1:8053\" or "
                             "\"[::1]:8053\", or \"unix:/path\""
                           : "must be an address with a port such as \"127.0.0.1:53\" or \"[::1]:53\"";
    *out = (struct settings_listen){ 0 };
    if (allows_unix && strncmp(text, unix_prefix, strlen(unix_prefix)) == 0) {
        const char *path = text + strlen(unix_prefix);
        size_t most = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
        if (path[0] == '\0' || strlen(path) > most)
            return error_set(err, "a unix socket needs a path of 1 to %zu bytes", most);
        out->unix_path = xstrdup(path);
        return true;
    }
    if (!address_parse_with_port(text, &out->address, &out->port))
        return error_set(err, "%s", form);
    return out->port != 0 || error_set(err, "port must be 1..65535");
}

static bool is_same_listen(const struct settings_listen *a, const struct settings_listen *b)
{
    if (a->unix_path != NULL || b->unix_path != NULL)
        return a->unix_path != NULL && b->unix_path != NULL && strcmp(a->unix_path, b->unix_path) == 0;
    return a->port == b->port && address_equal(&a->address, &b->address);
}

static void add_listen(struct reader *reader, const struct field *field, const cJSON *value,
                       struct settings_listen *list, size_t *count)
{
    struct error err;
    struct settings_listen *listen = &list[*count];
    bool allows_unix = field->least == 0; /* DNS needs an address, the API does not */
    if (!cJSON_IsString(value)) {
        reader_expect(reader, value, "must be a string such as \"127.0.0.1:53\"");
        return;
    }
    if (!parse_listen(value->valuestring, allows_unix, listen, &err)) {
        reader_expect(reader, value, "%s", err.text);
        return;
    }
    (*count)++;
    for (size_t i = 0; i + 1 < *count; i++) {
        if (is_same_listen(&list[i], listen))
            reader_refuse(reader, "\"%s\" stands here twice", value->valuestring);
    }
}

static void read_listen(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const cJSON *element;
    struct settings_listen **list = field_member(field, base);
    size_t *count = (size_t *)((char *)base + field->count_offset), index = 0;
    int room = cJSON_GetArraySize(value);
    if (!cJSON_IsArray(value) || room < field->least) {
        reader_expect(reader, value, "must be a list of addresses with ports");
        return;
    }
    if (room > LISTEN_MAX) {
        reader_refuse(reader, "must have at most %d elements, got %d", LISTEN_MAX, room);
        return;
    }
    *list = xcalloc((size_t)room, sizeof **list);
    cJSON_ArrayForEach(element, value)
    {
        size_t before = reader_enter_index(reader, index++);
        add_listen(reader, field, element, *list, count);
        reader_leave(reader, before);
    }
}

static void describe_listen(const struct field *field, struct text *out)
{
    text_printf(out,
                "\"type\": \"array\", \"minItems\": %d, \"maxItems\": %d, \"items\": { \"type\": \"string\", "
                "\"pattern\": \"^([0-9.]+:[0-9]+|\\\\[[0-9A-Fa-f:.]+\\\\]:[0-9]+%s)$\" }",
                (int)field->least, LISTEN_MAX, field->least == 0 ? "|unix:.+" : "");
}

const struct field_type type_listen = { read_listen, describe_listen };

/* ---- paths ---- */

static void make_absolute(const char *directory, char **path)
{
    if (*path == NULL)
        return;
    char *absolute = file_path(directory, *path);
    free(*path);
    *path = absolute;
}

/* The directory of the file, without "." and ".." where the system can tell. */
static char *absolute_directory(const char *file)
{
    char *directory = file_directory(file);
    char *resolved = realpath(directory, NULL);
    if (resolved == NULL)
        return directory;
    free(directory);
    return resolved;
}

/* Without a word about it, steering.json is taken if it is there: a server may be steered by the API alone.
 */
static char *find_steering(const char *directory)
{
    char *path = file_path(directory, "steering.json");
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

static void fill_in(const char *file, struct settings *settings)
{
    char *directory = absolute_directory(file);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (settings->workers == 0)
        settings->workers = (unsigned)settings->cpu_count;
    if (settings->workers == 0)
        settings->workers = cores > 0 ? (unsigned)cores : 1;
    make_absolute(directory, &settings->state_dir);
    make_absolute(directory, &settings->steering);
    if (settings->steering == NULL)
        settings->steering = find_steering(directory);
    make_absolute(directory, &settings->token_file);
    make_absolute(directory, &settings->tls.certificate);
    make_absolute(directory, &settings->tls.key);
    make_absolute(directory, &settings->tls.client_ca);
    if (settings->token_file == NULL)
        settings->token_file = xasprintf("%s/admin.token", settings->state_dir);
    make_absolute(directory, &settings->cookie_secret_file);
    if (settings->cookie_secret_file == NULL)
        settings->cookie_secret_file = xasprintf("%s/cookie.secrets", settings->state_dir);
    make_absolute(directory, &settings->query_log.path);
    make_absolute(directory, &settings->dnstap.path);
    for (size_t i = 0; i < settings->geoip_count; i++)
        make_absolute(directory, &settings->geoip[i]);
    for (size_t i = 0; i < settings->webhook_count; i++)
        make_absolute(directory, &settings->webhooks[i].secret_file);
    if (settings->event_command.command_count > 0)
        make_absolute(directory, &settings->event_command.command[0]);
    for (size_t i = 0; i < settings->api_listen_count; i++)
        make_absolute(directory, &settings->api_listen[i].unix_path);
    free(directory);
}

/* ---- the file ---- */

static void listen_free(struct settings_listen *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].unix_path);
    free(list);
}

static void texts_free(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void settings_free(struct settings *settings)
{
    listen_free(settings->listen, settings->listen_count);
    listen_free(settings->api_listen, settings->api_listen_count);
    texts_free(settings->geoip, settings->geoip_count);
    texts_free(settings->event_command.command, settings->event_command.command_count);
    texts_free(settings->event_command.events, settings->event_command.event_count);
    listen_free(settings->reference_targets, settings->reference_target_count);
    settings_webhooks_free(settings->webhooks, settings->webhook_count);
    listen_free(settings->resolver_servers, settings->resolver_server_count);
    free(settings->token_file);
    free(settings->tls.certificate);
    free(settings->tls.key);
    free(settings->tls.client_ca);
    settings_grants_free(settings->tls.clients, settings->tls.client_count);
    settings_grants_free(settings->peers, settings->peer_count);
    free(settings->unix_group);
    free(settings->user);
    free(settings->cpus);
    free(settings->state_dir);
    free(settings->steering);
    free(settings->nsid);
    free(settings->version);
    free(settings->identity);
    free(settings->cookie_secret_file);
    free(settings->rate_limit.exempt);
    free(settings->explain_allow);
    free(settings->query_log.path);
    free(settings->dnstap.path);
    *settings = (struct settings){ 0 };
}

/* Every client may have 512 bytes (RFC 1035 §2.3.4). */
static void check_size_without_cookie(struct reader *reader, unsigned size)
{
    size_t before = reader_enter(reader, "udp_size_without_cookie");
    if (size > 0 && size < 512)
        reader_refuse(reader, "must be 0 or 512..4096 bytes, got %u", size);
    reader_leave(reader, before);
}

static bool read_settings(const struct document *document, struct problems *problems, struct settings *out)
{
    struct reader reader;
    char root[] = "";
    const struct object object = { .file = document->file,
                                   .text = document->text,
                                   .text_size = document->size,
                                   .line = 1,
                                   .column = 1,
                                   .pointer = root };
    if (!reader_open(&object, problems, &reader))
        return false;
    shape_read(&reader, &shape_settings, reader.root, out);
    check_size_without_cookie(&reader, out->udp_size_without_cookie);
    settings_check_access(&reader, out);
    return reader_close(&reader);
}

bool settings_load(const char *file, struct problems *problems, struct settings *out)
{
    struct document document;
    *out = (struct settings){ 0 };
    if (!document_load(file, problems, &document))
        return false;
    bool is_good = read_settings(&document, problems, out);
    if (is_good)
        fill_in(file, out);
    else
        settings_free(out);
    document_free(&document);
    return is_good;
}
