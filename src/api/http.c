/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libmicrohttpd and the API: bytes to `struct request` and back.  MHD's own decoding of the target and its
 * form parser stay unused: it would decode %2f before the path is split and cut the path at %00.
 */
#include "api/audit_log.h"
#include "api/head.h"
#include "api/problem.h"
#include "api/state.h"
#include "api/stream.h"
#include "api/tls.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/priority.h"

#include <microhttpd.h>
#include <openssl/evp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISCARD_LIMIT          ((size_t)64 << 20)
#define DISCARD_LIMIT_STRANGER BODY_LIMIT_USUAL
#define CONNECTION_SILENT_S    60u /* MHD's own limit; the door has the finer ones */
#define CONNECTION_MEMORY      ((size_t)32 << 10)
#define CONNECTIONS_LEAVING    256u /* that MHD has yet to close, beside those the door lets in */

/* ---- the body ---- */

static enum MHD_Result take_body(struct request *request, const char *bytes, size_t size)
{
    if (!request->discards && size > request->body_limit - request->body.size) {
        problem_reply(request, 413, "the body may have %zu bytes", request->body_limit);
        request->discards = true;
        text_free(&request->body);
    }
    if (request->discards) {
        bool is_known = request->author != NULL;
        request->discarded += size;
        return request->discarded > (is_known ? DISCARD_LIMIT : DISCARD_LIMIT_STRANGER) ? MHD_NO : MHD_YES;
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

/* A digest of the whole body (RFC 9530), so that who keeps it can tell that it came whole. */
static void add_file_headers(struct MHD_Response *response, const struct request *request)
{
    const struct command *command = request->command;
    char digest[64], value[128];
    EVP_EncodeBlock((unsigned char *)digest, command->file_digest, sizeof command->file_digest);
    snprintf(value, sizeof value, "sha-256=:%s:", digest);
    MHD_add_response_header(response, "Repr-Digest", value);
    snprintf(value, sizeof value, "attachment; filename=\"%s\"", request->reply.file_name);
    MHD_add_response_header(response, "Content-Disposition", value);
}

static struct MHD_Response *make_file(struct request *request)
{
    struct command *command = request->command;
    struct MHD_Response *response = MHD_create_response_from_fd64(command->file_size, command->file);
    if (response == NULL)
        return NULL;
    command->file = -1; /* the response closes it */
    add_file_headers(response, request);
    return response;
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

int http_socket(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info->connect_fd;
}

static struct MHD_Response *make_stream(struct request *request)
{
    struct stream *stream = request->reply.stream;
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_SIZE,
                                                                      read_stream, stream, free_stream);
    if (response == NULL)
        return NULL;
    request->reply.stream = NULL;
    stream_begin(stream, request->connection, http_socket(request->connection));
    return response;
}

static void turn(const struct request *request, enum visit visit, uint64_t size)
{
    visitor_turn(request->visitor, visit, size, clock_monotonic_ms());
}

static enum MHD_Result send_reply(struct request *request)
{
    struct reply *reply = &request->reply;
    if (reply->status == 0)
        problem_reply(request, 500, "no reply was made: please report this");
    bool is_stream = reply->stream != NULL && reply->status == 200;
    audit_log_reply(request);
    turn(request, is_stream ? VISIT_WORK : VISIT_TRANSFER,
         reply->has_file ? request->command->file_size : reply->body.size);
    struct MHD_Response *response = is_stream         ? make_stream(request)
                                    : reply->has_file ? make_file(request)
                                                      : make_body(reply);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, reply);
    enum MHD_Result result = MHD_queue_response(request->connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- what MHD calls ---- */

static struct visitor *visitor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

static void *request_line(void *context, const char *target, struct MHD_Connection *connection)
{
    struct request *request = request_new(context, target);
    request->connection = connection;
    request->visitor = visitor_of(connection);
    turn(request, VISIT_HEAD, 0);
    return request;
}

/* A small body is read before a refusal is sent, or closing would reset the connection under the reply. */
static enum MHD_Result begin(struct request *request, const char *method, const char *version)
{
    bool reads_body = true;
    if (!head_accept(request, method, version, &reads_body))
        request->discards = true;
    if (!reads_body)
        return send_reply(request);
    turn(request, VISIT_TRANSFER, 0);
    return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **slot)
{
    struct request *request = *slot;
    (void)context, (void)connection, (void)url;
    if (!request->has_begun)
        return begin(request, method, version);
    if (*upload_size > 0) {
        size_t size = *upload_size;
        *upload_size = 0;
        visitor_brought(request->visitor, size);
        return take_body(request, upload, size);
    }
    if (request->is_waiting) {
        request->is_waiting = false;
        request->is_audited |= request->command->is_audited;
        request->then(request);
    } else if (request->reply.status == 0) {
        turn(request, VISIT_WORK, 0);
        request->route->handle(request);
    }
    return request->is_waiting ? MHD_YES : send_reply(request);
}

static void completed(void *context, struct MHD_Connection *connection, void **slot,
                      enum MHD_RequestTerminationCode code)
{
    struct request *request = *slot;
    (void)context, (void)connection, (void)code;
    if (request != NULL)
        turn(request, VISIT_IDLE, 0);
    request_free(request);
    *slot = NULL;
}

/* MHD's threads are MHD's: the first connection is where one can be told. */
static void give_way(void)
{
    static _Thread_local bool has_given_way;
    if (!has_given_way)
        priority_give_way();
    has_given_way = true;
}

/* Somebody comes or goes; the socket is closed after he went. */
static void connection_changes(void *context, struct MHD_Connection *connection, void **slot,
                               enum MHD_ConnectionNotificationCode code)
{
    struct api_listener *listener = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        door_leave(*slot);
        *slot = NULL;
        return;
    }
    struct address client;
    give_way();
    head_find_client(connection, &client);
    *slot = door_enter(listener->door, http_socket(connection), &client, clock_monotonic_ms());
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

static void set_tls(const struct tls *tls, struct MHD_OptionItem out[4])
{
    out[0] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)tls_retrieve };
    out[1] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls_priorities };
    out[2] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    out[3] = out[2];
    if (tls_trust(tls) != NULL)
        out[2] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(uintptr_t)tls_trust(tls) };
}

bool http_start(struct api *api, struct api_listener *listener, struct error *err)
{
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    bool has_tls = api->tls != NULL && listener->socket.unix_path == NULL;
    struct MHD_OptionItem tls[4] = { { MHD_OPTION_END, 0, NULL } };
    if (has_tls)
        set_tls(api->tls, tls);
    listener->daemon =
        MHD_start_daemon(has_tls ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, handle, api, /**/
                         MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL,         /* first: it hears what follows */
                         MHD_OPTION_LISTEN_SOCKET, listener->socket.fd,     /**/
                         MHD_OPTION_URI_LOG_CALLBACK, request_line, api,    /**/
                         MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, /**/
                         MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,      /**/
                         MHD_OPTION_NOTIFY_CONNECTION, connection_changes, listener,        /**/
                         MHD_OPTION_STRICT_FOR_CLIENT, 1,                                   /**/
                         MHD_OPTION_CONNECTION_LIMIT, listener->most + CONNECTIONS_LEAVING, /**/
                         MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_SILENT_S,                /**/
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,             /**/
                         MHD_OPTION_ARRAY, tls,                                             /**/
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
