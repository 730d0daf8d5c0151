/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/head.h"

#include "api/access.h"
#include "api/peer.h"
#include "api/problem.h"
#include "api/state.h"

#include <microhttpd.h>

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Header fields that say how the request is to be read, or on whose behalf. */
struct head {
    unsigned lengths, encodings, hosts, tokens, matches; /* fields of that name */
    uint64_t length;
    bool is_bad_length, is_unknown_encoding, expects_word;
};

static void note_length(struct head *head, const char *value)
{
    size_t digits = value != NULL ? strspn(value, "0123456789") : 0;
    head->is_bad_length |= digits == 0 || digits > 18 || value[digits] != '\0';
    head->length = head->is_bad_length ? 0 : strtoull(value, NULL, 10);
    head->lengths++;
}

static enum MHD_Result note_field(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct head *head = context;
    (void)kind;
    if (strcasecmp(key, "Content-Length") == 0)
        note_length(head, value);
    else if (strcasecmp(key, "Host") == 0)
        head->hosts++;
    else if (strcasecmp(key, "Authorization") == 0)
        head->tokens++;
    else if (strcasecmp(key, "If-Match") == 0 || strcasecmp(key, "If-None-Match") == 0)
        head->matches++;
    else if (strcasecmp(key, "Expect") == 0)
        head->expects_word = true;
    else if (strcasecmp(key, "Transfer-Encoding") == 0) {
        head->encodings++;
        head->is_unknown_encoding |= value == NULL || strcasecmp(value, "chunked") != 0;
    }
    return MHD_YES;
}

/* Whoever disagrees with us about where the body ends could slip in a second request (RFC 9112 §6.3). */
static bool check_framing(struct request *request, const struct head *head, const char *version)
{
    bool is_old = strcmp(version, "HTTP/1.1") != 0;
    request->reply.wants_close = true;
    if (head->is_bad_length || head->lengths + head->encodings > 1 || (head->encodings > 0 && is_old))
        return problem_reply(request, 400,
                             "the length of the body is ambiguous: one Content-Length, or "
                             "Transfer-Encoding: chunked");
    if (head->is_unknown_encoding)
        return problem_reply(request, 501, "of transfer encodings only \"chunked\" is known here");
    if (head->hosts > 1)
        return problem_reply(request, 400, "the header Host is given twice");
    if (head->tokens > 1)
        return problem_reply(request, 400, "the header Authorization is given twice");
    if (head->matches > 1)
        return problem_reply(request, 400, "of If-Match and If-None-Match one may be given, once");
    request->reply.wants_close = false;
    return true;
}

static bool check_size(struct request *request, const struct head *head)
{
    request->body_limit = request->route->body_limit ? request->route->body_limit : BODY_LIMIT_USUAL;
    if (head->length <= request->body_limit)
        return true;
    return problem_reply(request, 413, "the body may have %zu bytes", request->body_limit);
}

void head_find_client(struct MHD_Connection *connection, struct address *out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sockaddr_storage peer = { 0 };
    *out = (struct address){ 0 };
    if (info == NULL || info->client_addr == NULL)
        return;
    if (info->client_addr->sa_family == AF_INET)
        memcpy(&peer, info->client_addr, sizeof(struct sockaddr_in));
    else if (info->client_addr->sa_family == AF_INET6)
        memcpy(&peer, info->client_addr, sizeof(struct sockaddr_in6));
    address_of_sockaddr(&peer, out);
}

/* The token comes before the parameters: strangers learn nothing. */
static bool accept_request(struct request *request, const struct head *head, const char *version)
{
    if (!check_framing(request, head, version) || !access_check_certificate(request))
        return false;
    if (!request->has_target)
        return problem_reply(request, 400, "%s", request->target_error.text);
    return router_find(api_routes, api_route_count, request) && access_check(request) &&
           router_check_params(request) && check_size(request, head);
}

bool head_accept(struct request *request, const char *method, const char *version, bool *reads_body)
{
    struct head head = { 0 };
    request->has_begun = true;
    request->method = method_of(method);
    request->if_match = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "If-Match");
    request->if_none_match =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "If-None-Match");
    request->last_event_id =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Last-Event-ID");
    head_find_client(request->connection, &request->peer);
    if (request->peer.family == ADDRESS_NONE)
        request->has_peer_uid = peer_user(http_socket(request->connection), &request->peer_uid);
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, note_field, &head);
    if (accept_request(request, &head, version))
        return true;
    *reads_body = !request->reply.wants_close && !head.expects_word && head.length <= BODY_LIMIT_USUAL;
    return false;
}
