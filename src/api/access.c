/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/access.h"

#include "api/peer.h"
#include "api/problem.h"
#include "api/scope.h"
#include "api/state.h"
#include "api/tls.h"
#include "base/clock.h"
#include "base/log.h"

#include <microhttpd.h>

#include <string.h>

static bool is_local(const struct request *request)
{
    return request->peer.family == ADDRESS_NONE || address_is_loopback(&request->peer);
}

static bool tell_to_wait(struct request *request, unsigned wait_s)
{
    request->reply.retry_in_s = wait_s;
    return problem_reply(request, 429, "too many wrong tokens came from this address: try again in %u s",
                         wait_s);
}

static bool refuse_token(struct request *request)
{
    struct failures *failures = request->api->failures;
    char address[ADDRESS_TEXT_SIZE] = "the unix socket";
    if (request->peer.family != ADDRESS_NONE)
        address_format(&request->peer, address);
    if (failures_note(failures, &request->peer, clock_monotonic_ms()))
        log_warning("api: wrong tokens keep coming from %s: it has to wait", address);
    unsigned wait_s = failures_wait_s(failures, &request->peer, clock_monotonic_ms());
    if (wait_s > 0)
        return tell_to_wait(request, wait_s);
    request->reply.wants_token = true;
    return problem_reply(request, 401, "the token is not valid here: it is wrong, revoked or expired");
}

/* Who is on this machine shares his address with everybody here: the right token opens in spite of others'
 * failures.  From elsewhere a token is not even looked at before its time. */
static bool check_token(struct request *request, const char *header)
{
    unsigned wait_s = failures_wait_s(request->api->failures, &request->peer, clock_monotonic_ms());
    if (wait_s > 0 && !is_local(request))
        return tell_to_wait(request, wait_s);
    return auth_check(request->api->auth, header, clock_wall_ms(), &request->who) || refuse_token(request);
}

static bool ask_for_token(struct request *request)
{
    bool is_in_address = target_param(&request->target, "access_token") != NULL ||
                         target_param(&request->target, "token") != NULL;
    request->reply.wants_token = true;
    return problem_reply(request, 401, "%s",
                         is_in_address ? "a token never travels in an address, where it is logged: send the "
                                         "header Authorization: Bearer …, and revoke this one"
                                       : "a token is needed: Authorization: Bearer …");
}

static bool is_known_without_token(struct request *request)
{
    if (request->who.role != ROLE_NONE)
        return true; /* by its certificate */
    return request->peer.family == ADDRESS_NONE &&
           peer_identify(http_socket(request->connection), request->api->settings, &request->who);
}

/* Whoever sends a token wants to be known by it; a wrong one is not made good by where it came from. */
static bool identify(struct request *request)
{
    const char *header = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Authorization");
    if (header != NULL ? !check_token(request, header)
                       : !is_known_without_token(request) && !ask_for_token(request))
        return false;
    request->author = request->who.name;
    visitor_show_token(request->visitor);
    return true;
}

bool access_check_certificate(struct request *request)
{
    struct api *api = request->api;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (api->tls == NULL || info == NULL)
        return true;
    bool is_shown = tls_trust(api->tls) != NULL && tls_identify(api->tls, info->tls_session, &request->who);
    if (is_shown || !api->settings->tls.requires_client)
        return true;
    request->reply.wants_close = true;
    return problem_reply(request, 403, "a certificate is needed that this server trusts");
}

bool access_check(struct request *request)
{
    const struct route *route = request->route;
    const struct who *who = &request->who;
    if (route->role == ROLE_NONE)
        return true;
    if (!identify(request))
        return false;
    if (who->role < route->role)
        return problem_reply(request, 403, "\"%s\" is %s %s, and this takes %s %s", who->name,
                             who->role == ROLE_VIEWER ? "a" : "an", role_name(who->role),
                             route->role == ROLE_VIEWER ? "a" : "an", role_name(route->role));
    request->scope = scope_now(who->scope);
    return scope_allows(request) ||
           problem_reply(request, 403, "\"%s\" may not: this is outside its scope", who->name);
}
