/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may use the admin API without a token: peers of the unix socket, holders of certificates. */
#include "config/settings.h"

#include "base/memory.h"
#include "model_parts.h"
#include "schema.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum { GRANTS_MOST = 256, NAME_SIZE_MOST = 255 };

static const char *const roles[] = { "viewer", "operator", "admin", NULL };

static bool is_role(const char *word)
{
    for (size_t i = 0; roles[i] != NULL; i++)
        if (strcmp(roles[i], word) == 0)
            return true;
    return false;
}

/* "user:alice" or "group:ops", known on this machine. */
static bool find_peer(struct reader *reader, const char *name, struct settings_grant *out)
{
    out->is_group = strncmp(name, "group:", 6) == 0;
    if (out->is_group) {
        const struct group *group = getgrnam(name + 6);
        if (group == NULL)
            return reader_refuse(reader, "there is no group \"%s\" on this machine", name + 6);
        out->id = group->gr_gid;
        return true;
    }
    if (strncmp(name, "user:", 5) != 0)
        return reader_refuse(reader, "must be named as \"user:alice\" or \"group:ops\"");
    const struct passwd *user = getpwnam(name + 5);
    if (user == NULL)
        return reader_refuse(reader, "there is no user \"%s\" on this machine", name + 5);
    out->id = user->pw_uid;
    return true;
}

static void read_grant(struct reader *reader, const struct field *field, const cJSON *value,
                       struct settings_grant *list, size_t *count)
{
    struct settings_grant grant = { 0 };
    bool is_peer = field->least == 1;
    size_t before = reader_enter(reader, value->string);
    if (!cJSON_IsString(value) || !is_role(value->valuestring))
        reader_expect(reader, value, "must be \"viewer\", \"operator\" or \"admin\"");
    else if (value->string[0] == '\0' || strlen(value->string) > NAME_SIZE_MOST)
        reader_refuse(reader, "must have a name of 1 to %d bytes", NAME_SIZE_MOST);
    else if (!is_peer || find_peer(reader, value->string, &grant)) {
        grant.name = xstrdup(value->string);
        grant.role = xstrdup(value->valuestring);
        list[(*count)++] = grant;
    }
    reader_leave(reader, before);
}

static void read_grants(struct reader *reader, const struct field *field, const cJSON *value, void *base)
{
    const cJSON *member;
    struct settings_grant **list = field_member(field, base);
    size_t *count = (size_t *)((char *)base + field->count_offset);
    int room = cJSON_GetArraySize(value);
    if (!cJSON_IsObject(value) || room > GRANTS_MOST) {
        reader_expect(reader, value, "must be an object of at most %d names with their roles", GRANTS_MOST);
        return;
    }
    *list = xcalloc((size_t)room + 1, sizeof **list);
    cJSON_ArrayForEach(member, value) read_grant(reader, field, member, *list, count);
}

static void describe_grants(const struct field *field, struct text *out)
{
    text_printf(out,
                "\"type\": \"object\", \"maxProperties\": %d, \"propertyNames\": { \"pattern\": \"%s\" }, "
                "\"additionalProperties\": { \"enum\": [\"viewer\", \"operator\", \"admin\"] }",
                (int)GRANTS_MOST, field->least == 1 ? "^(user|group):." : ".");
}

static const struct field_type type_grants = { read_grants, describe_grants };

void settings_grants_free(struct settings_grant *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
        free(list[i].role);
    }
    free(list);
}

static const struct field tls_fields[] = {
    { "certificate", &type_text, MEMBER(struct settings, tls.certificate), .least = 1, .is_required = true,
      .doc = "file with the certificate and those between it and the root, PEM; read again when it changes" },
    { "key", &type_text, MEMBER(struct settings, tls.key), .least = 1, .is_required = true,
      .doc = "file with its private key, PEM" },
    { "client_ca", &type_text, MEMBER(struct settings, tls.client_ca), .least = 1,
      .doc = "file with the authorities of client certificates, PEM; clients are not asked by default" },
    { "clients", &type_grants, MEMBER(struct settings, tls.clients), COUNT(struct settings, tls.client_count),
      .doc = "what the holders of client certificates may do, by common name or alternative name" },
    { "require_client", &type_boolean, MEMBER(struct settings, tls.requires_client), .fallback = "false",
      .doc = "whether nothing is said to those without a valid client certificate" },
};
static const struct shape shape_tls = { .name = "tls",
                                        .doc = "TLS for all addresses of the admin API",
                                        SHAPE(tls_fields) };

static const struct field api_fields[] = {
    { "listen", &type_listen, MEMBER(struct settings, api_listen), COUNT(struct settings, api_listen_count),
      .fallback = "[\"127.0.0.1:8053\"]", .doc = "addresses with port, or unix:/path, of the admin API" },
    { "token_file", &type_text, MEMBER(struct settings, token_file), .least = 1,
      .doc = "where the bootstrap admin token stands; state_dir/admin.token by default" },
    { "tls", &type_shape, .shape = &shape_tls, .doc = "TLS for all addresses; none by default" },
    { "peers", &type_grants, MEMBER(struct settings, peers), COUNT(struct settings, peer_count), .least = 1,
      .doc = "what users and groups of this machine may do over the unix socket without a token; by default "
             "root and the user that runs steerd are admin" },
    { "unix_group", &type_text, MEMBER(struct settings, unix_group), .least = 1, .accept = word_accept,
      .doc = "group that may open the unix socket" },
    { "connections", &type_integer, MEMBER(struct settings, api_connections), .least = 16, .most = 1000000,
      .fallback = "16384",
      .doc = "open connections at most, as far as descriptors allow; the idle make room for the new" },
    { "connections_per_client", &type_integer, MEMBER(struct settings, api_connections_per_client),
      .least = 1, .most = 1000000, .fallback = "256",
      .doc = "open connections of one IPv4 address or IPv6 /64 at most, loopback excepted" },
};
const struct shape shape_api = { .name = "api", .doc = "the admin API", SHAPE(api_fields) };

/* Half of it would look like protection. */
void settings_check_access(struct reader *reader, const struct settings *settings)
{
    const struct settings_tls *tls = &settings->tls;
    size_t api = reader_enter(reader, "api"), before = reader_enter(reader, "tls");
    if (tls->client_ca == NULL && (tls->client_count > 0 || tls->requires_client))
        reader_refuse(reader, "needs a \"client_ca\" to know whose certificates count");
    reader_leave(reader, before);
    reader_leave(reader, api);
}
