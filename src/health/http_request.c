/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/http_request.h"

#include "base/address.h"
#include "base/memory.h"
#include "health/grpc_message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* libcurl keeps the parsed CA bundle that long: a rotated one is seen soon, and is not read per check. */
    HTTP_CA_CACHE_S = 60,
    HTTP_BUFFER_SIZE = 4096, /* health pages are short, transfers are many */
};

/* "host" or "host:port" without the port; an address keeps its brackets. */
static char *host_without_port(const char *host)
{
    const char *end = host[0] == '[' ? strchr(host, ']') : strchr(host, ':');
    if (end == NULL)
        return xstrdup(host);
    return xstrndup(host, (size_t)(end - host) + (*end == ']'));
}

/* An address as it stands in a URL or Host header; anything else as it is. */
static char *host_bracketed(const char *peer)
{
    struct address address;
    bool is_v6 = address_parse(peer, &address) && address.family == ADDRESS_V6;
    return is_v6 ? xasprintf("[%s]", peer) : xstrdup(peer);
}

/* A line break would let one field say another one. */
static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            return true;
    return false;
}

static bool url_put(CURLU *url, CURLUPart part, const char *value, const char *what, struct error *err)
{
    CURLUcode code = has_control(value) ? CURLUE_MALFORMED_INPUT : curl_url_set(url, part, value, 0);
    return code == CURLUE_OK ||
           error_set(err, "unusable %s \"%s\": %s", what, value, curl_url_strerror(code));
}

char *http_request_path(const struct check *check)
{
    const char *path = check->type == CHECK_GRPC ? GRPC_PATH : check->path != NULL ? check->path : "/";
    return xstrndup(path, strcspn(path, "#"));
}

/* The URL names who is asked for; where it connects to is said for each run (CURLOPT_CONNECT_TO). */
static bool url_fill(CURLU *url, const struct check *check, const char *host, struct error *err)
{
    char *path = http_request_path(check), *query = strchr(path, '?');
    char *port = xasprintf("%u", check->port);
    if (query != NULL)
        *query++ = '\0';
    bool is_good =
        url_put(url, CURLUPART_SCHEME, http_request_uses_tls(check) ? "https" : "http", "scheme", err) &&
        url_put(url, CURLUPART_HOST, host, "host", err) &&
        (check->port == 0 || url_put(url, CURLUPART_PORT, port, "port", err)) &&
        url_put(url, CURLUPART_PATH, path, "path", err) &&
        (query == NULL || url_put(url, CURLUPART_QUERY, query, "query", err));
    free(path);
    free(port);
    return is_good;
}

char *http_request_url(const struct check *check, const char *peer, struct error *err)
{
    if (check->host_header != NULL && has_control(check->host_header)) {
        error_set(err, "unusable host_header \"%s\"", check->host_header);
        return NULL;
    }
    char *host = check->sni != NULL           ? xstrdup(check->sni)
                 : check->host_header != NULL ? host_without_port(check->host_header)
                                              : host_bracketed(peer);
    CURLU *url = curl_url();
    char *text = NULL, *copy = NULL;
    if (url_fill(url, check, host, err) && curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
        error_set(err, "unusable host \"%s\" or path", host);
    if (text != NULL)
        copy = xstrdup(text);
    curl_free(text);
    curl_url_cleanup(url);
    free(host);
    return copy;
}

char *http_request_host(const struct check *check, const char *peer)
{
    if (check->host_header != NULL)
        return xstrdup(check->host_header);
    char *host = host_bracketed(peer);
    if (check->port == 0 || check->port == (http_request_uses_tls(check) ? 443 : 80))
        return host;
    char *with_port = xasprintf("%s:%u", host, check->port);
    free(host);
    return with_port;
}

void http_request_add_header(struct http_request *request, const char *line)
{
    request->headers = curl_slist_append(request->headers, line);
}

static void http_put_headers(struct http_request *request, CURL *easy, const struct check *check,
                             const char *peer)
{
    if (check->host_header != NULL || check->sni != NULL) { /* else the URL's own is right */
        char *host = http_request_host(check, peer), *line = xasprintf("Host: %s", host);
        http_request_add_header(request, line);
        free(line);
        free(host);
    }
    if (check->reuse_ms == 0 && check->type != CHECK_GRPC) /* HTTP/2 forbids it */
        http_request_add_header(request, "Connection: close");
    for (size_t i = 0; i < check->header_count; i++) {
        size_t size = strlen(check->headers[i]);
        bool is_empty = size > 2 && strcmp(check->headers[i] + size - 2, ": ") == 0;
        char *empty = is_empty ? xasprintf("%.*s;", (int)size - 2, check->headers[i]) : NULL;
        http_request_add_header(request, is_empty ? empty : check->headers[i]);
        free(empty);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
}

/* Nothing from the environment, nobody else asked; connections are shared by runs of the same check only as
 * far as it says. */
static void http_put_isolation(CURL *easy, const struct check *check)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)HTTP_BUFFER_SIZE);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (check->reuse_ms > 0) {
        long age_s = (long)((check->reuse_ms + 999) / 1000);
        curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, age_s);
        curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, age_s);
        return;
    }
    /* every run stands for itself: own connection, own TLS handshake with the certificate shown anew */
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
}

static void http_put_trust(CURL *easy, const struct check *check)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, check->verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, check->verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)HTTP_CA_CACHE_S);
    if (check->verify && check->ca_file == NULL)
        return; /* the system's */
    curl_easy_setopt(easy, CURLOPT_CAINFO, check->verify ? check->ca_file : NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

bool http_request_uses_tls(const struct check *check)
{
    return check->type == CHECK_HTTPS || check->type == CHECK_TLS || check->uses_tls;
}

bool http_request_open(struct http_request *request, CURL *easy, const struct check *check, const char *peer,
                       struct error *err)
{
    *request = (struct http_request){ 0 };
    char *url = http_request_url(check, peer, err);
    if (url == NULL)
        return false;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    free(url);
    http_put_isolation(easy, check);
    if (http_request_uses_tls(check) || check->redirects > 0)
        http_put_trust(easy, check);
    http_put_headers(request, easy, check, peer);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, HTTP_USER_AGENT);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    return true;
}

void http_request_close(struct http_request *request)
{
    curl_slist_free_all(request->headers);
    request->headers = NULL;
}
