/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libmicrohttpd and the API: bytes to `struct request` and back.  MHD's own decoding of the target and its
 * form parser stay unused: it would decode %2f before the path is split and cut the path at %00.
 */
#include "api/problem.h"
#include "api/state.h"
#include "api/stream.h"
#include "base/log.h"
#include "base/memory.h"

#include <microhttpd.h>

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BODY_LIMIT_USUAL  ((size_t)1 << 20) /* bytes */
#define DISCARD_LIMIT     ((size_t)64 << 20)
#define CONNECTIONS_MOST  512u
#define CONNECTION_IDLE_S 60u
#define CONNECTION_MEMORY ((size_t)32 << 10)

/* ---- before the body ---- */

struct framing {
    unsigned lengths, encodings; /* header fields of that name */
    uint64_t length;
    bool is_bad;
};

static enum MHD_Result note_framing(void *context, enum MHD_ValueKind kind, const char *key,
                                    const char *value)
{
    struct framing *framing = context;
    (void)kind;
    if (strcasecmp(key, "Transfer-Encoding") == 0)
        framing->encodings++;
    if (strcasecmp(key, "Content-Length") != 0)
        return MHD_YES;
    size_t digits = value != NULL ? strspn(value, "0123456789") : 0;
    framing->is_bad |= digits == 0 || digits > 18 || value[digits] != '\0';
    framing->length = framing->is_bad ? 0 : strtoull(value, NULL, 10);
    framing->lengths++;
    return MHD_YES;
}

/* Whoever disagrees with us about where the body ends could slip in a second request (RFC 9112 §6.3). */
static bool check_framing(struct request *request, struct framing *out)
{
    *out = (struct framing){ 0 };
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, note_framing, out);
    if (!out->is_bad && out->lengths + out->encodings <= 1)
        return true;
    request->reply.wants_close = true;
    return problem_reply(request, 400,
                         "the length of the body is ambiguous: one Content-Length, or "
                         "Transfer-Encoding: chunked");
}

static bool check_token(struct request *request)
{
    if (request->route->role == ROLE_NONE)
        return true;
    const char *header = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Authorization");
    enum role role = auth_check(request->api->auth, header, &request->author);
    if (role >= request->route->role)
        return true;
    request->reply.wants_token = role == ROLE_NONE;
    if (role != ROLE_NONE)
        return problem_reply(request, 403, "the token \"%s\" may not do this", request->author);
    return problem_reply(request, 401, "%s",
                         header != NULL ? "the token is not valid here"
                                        : "a token is needed: Authorization: Bearer …");
}

static bool check_size(struct request *request, const struct framing *framing)
{
    request->body_limit = request->route->body_limit ? request->route->body_limit : BODY_LIMIT_USUAL;
    if (framing->length <= request->body_limit)
        return true;
    return problem_reply(request, 413, "the body may have %zu bytes", request->body_limit);
}

static void find_peer(struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sockaddr_storage peer = { 0 };
    if (info == NULL || info->client_addr == NULL)
        return;
    if (info->client_addr->sa_family == AF_INET)
        memcpy(&peer, info->client_addr, sizeof(struct sockaddr_in));
    else if (info->client_addr->sa_family == AF_INET6)
        memcpy(&peer, info->client_addr, sizeof(struct sockaddr_in6));
    address_of_sockaddr(&peer, &request->peer);
}

/* All that can be said before the body.  The token comes before the parameters: strangers learn nothing. */
static bool accept_head(struct request *request, const char *method, struct framing *framing)
{
    request->has_begun = true;
    request->method = method_of(method);
    request->if_match = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "If-Match");
    request->last_event_id =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Last-Event-ID");
    find_peer(request);
    if (!check_framing(request, framing))
        return false;
    if (!request->has_target)
        return problem_reply(request, 400, "%s", request->target_error.text);
    return router_find(api_routes, api_route_count, request) && check_token(request) &&
           router_check_params(request) && check_size(request, framing);
}

/* ---- the body ---- */

static enum MHD_Result take_body(struct request *request, const char *bytes, size_t size)
{
    if (!request->discards && size > request->body_limit - request->body.size) {
        problem_reply(request, 413, "the body may have %zu bytes", request->body_limit);
        request->discards = true;
        text_free(&request->body);
    }
    if (request->discards) {
        request->discarded += size;
        return request->discarded > DISCARD_LIMIT ? MHD_NO : MHD_YES;
    }
    text_add(&request->body, bytes, size);
    return MHD_YES;
}

/* ---- the reply ---- */

static void add_headers(struct MHD_Response *response, const struct reply *reply)
{
    char value[32];
    MHD_add_response_header(response, "Content-Type", reply->content_type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (reply->has_etag) {
        snprintf(value, sizeof value, "\"%" PRIu64 "\"", reply->etag);
        MHD_add_response_header(response, "ETag", value);
    }
    if (reply->allow != NULL)
        MHD_add_response_header(response, "Allow", reply->allow);
    if (reply->wants_token)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"steerd\"");
    if (reply->wants_close)
        MHD_add_response_header(response, "Connection", "close");
    if (reply->retry_in_s != 0) {
        snprintf(value, sizeof value, "%u", reply->retry_in_s);
        MHD_add_response_header(response, "Retry-After", value);
    }
}

static struct MHD_Response *make_body(struct reply *reply)
{
    size_t size = reply->body.size;
    return MHD_create_response_from_buffer(size, text_take(&reply->body), MHD_RESPMEM_MUST_FREE);
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t room)
{
    size_t size;
    (void)position;
    switch (stream_read(context, out, room, &size)) {
    case STREAM_GOES_ON: return (ssize_t)size;
    case STREAM_SLEEPS: return 0;
    case STREAM_IS_OVER: break;
    }
    return MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_stream(void *context)
{
    stream_free(context);
}

static struct MHD_Response *make_stream(struct request *request)
{
    struct stream *stream = request->reply.stream;
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_SIZE,
                                                                      read_stream, stream, free_stream);
    if (response == NULL)
        return NULL;
    request->reply.stream = NULL;
    stream_begin(stream, request->connection);
    return response;
}

static enum MHD_Result send_reply(struct request *request)
{
    struct reply *reply = &request->reply;
    if (reply->status == 0)
        problem_reply(request, 500, "no reply was made: please report this");
    bool is_stream = reply->stream != NULL && reply->status == 200;
    struct MHD_Response *response = is_stream ? make_stream(request) : make_body(reply);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, reply);
    enum MHD_Result result = MHD_queue_response(request->connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- what MHD calls ---- */

static void *request_line(void *context, const char *target, struct MHD_Connection *connection)
{
    struct request *request = request_new(context, target);
    request->connection = connection;
    return request;
}

/* A small body is read before a refusal is sent, or closing would reset the connection under the reply. */
static enum MHD_Result begin(struct request *request, const char *method)
{
    struct framing framing;
    if (accept_head(request, method, &framing))
        return MHD_YES;
    request->discards = true;
    bool reads_on = !request->reply.wants_close && framing.length <= BODY_LIMIT_USUAL;
    return reads_on ? MHD_YES : send_reply(request);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **slot)
{
    struct request *request = *slot;
    (void)context, (void)connection, (void)url, (void)version;
    if (!request->has_begun)
        return begin(request, method);
    if (*upload_size > 0) {
        size_t size = *upload_size;
        *upload_size = 0;
        return take_body(request, upload, size);
    }
    if (request->is_waiting) {
        request->is_waiting = false;
        request->then(request);
    } else if (request->reply.status == 0) {
        request->route->handle(request);
    }
    return request->is_waiting ? MHD_YES : send_reply(request);
}

static void completed(void *context, struct MHD_Connection *connection, void **slot,
                      enum MHD_RequestTerminationCode code)
{
    (void)context, (void)connection, (void)code;
    request_free(*slot);
    *slot = NULL;
}

static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void log_mhd(void *context, const char *format, va_list args)
{
    char line[512];
    (void)context;
    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    log_debug("api: %s", line);
}

/* ---- start and stop ---- */

bool http_start(struct api *api, struct api_listener *listener, struct error *err)
{
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    listener->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, handle, api,                 /**/
                         MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL,         /* first: it hears what follows */
                         MHD_OPTION_LISTEN_SOCKET, listener->socket.fd,     /**/
                         MHD_OPTION_URI_LOG_CALLBACK, request_line, api,    /**/
                         MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, /**/
                         MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,      /**/
                         MHD_OPTION_STRICT_FOR_CLIENT, 1,                   /**/
                         MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,     /**/
                         MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_IDLE_S,  /**/
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, /**/
                         MHD_OPTION_END);
    if (listener->daemon == NULL)
        return error_set(err, "cannot serve the API on %s", listener->socket.name);
    return true;
}

void http_quiesce(struct api_listener *listener)
{
    if (listener->daemon != NULL)
        MHD_quiesce_daemon(listener->daemon); /* the socket is ours again */
}

void http_stop(struct api_listener *listener)
{
    if (listener->daemon != NULL)
        MHD_stop_daemon(listener->daemon);
    listener->daemon = NULL;
}

void http_resume(struct MHD_Connection *connection)
{
    MHD_resume_connection(connection);
}

void http_suspend(struct MHD_Connection *connection)
{
    MHD_suspend_connection(connection);
}
