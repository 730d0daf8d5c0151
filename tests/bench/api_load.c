/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes what steerd answers through its admin API, at a fixed rate or as fast as it acknowledges, and
 * prints one JSON object: how many changes came back, and how long each took.
 *
 *     api_load --api SOCKET --token TOKEN --kind override|weight|report [--rate 1000] [--clients 8]
 *              [--pools 1000] [--first-pool 0] [--begin 0] [--batch 1] [--seconds 5]
 *
 * The pools are p0, p1, … with an endpoint "a" in each, which go down and up, or between two weights, in
 * turn; --begin says how many changes others have made before, so that these go on where those ended.  A
 * report is one of the push check "beat" and may carry a --batch of endpoints.  Each client holds one
 * connection and has one request under way.  What a client is late for it makes up for.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MOST = 256, BATCH_MOST = 200, SAMPLES_MOST = 4000000, BODY_ROOM = 80 * BATCH_MOST + 64 };

struct options {
    const char *api, *token, *kind;
    unsigned rate, clients, pools, first_pool, batch;
    uint64_t begin;
    double seconds;
};

struct client {
    int fd;
    bool is_busy;
    uint64_t sent_us;
    size_t size;
    char reply[8192];
};

static struct options options = { .rate = 0, .clients = 8, .pools = 1000, .batch = 1, .seconds = 5 };
static struct client clients[CLIENTS_MOST];
static uint32_t *took_us;
static size_t took_count;
static uint64_t begun, done, refused; /* changes; `begun` with those before us */

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "api_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- requests */

/* Every pool once, then every pool the other way. */
static bool is_turned(uint64_t change)
{
    return change / options.pools % 2 == 0;
}

static unsigned pool_of(uint64_t change)
{
    return options.first_pool + (unsigned)(change % options.pools);
}

static size_t write_reports(char *out, uint64_t first)
{
    size_t size = (size_t)sprintf(out, "{\"reports\": [");
    for (unsigned i = 0; i < options.batch; i++)
        size += (size_t)sprintf(out + size, "%s{\"endpoint\": \"p%u/a\", \"status\": \"%s\"}",
                                i > 0 ? ", " : "", pool_of(first + i), is_turned(first + i) ? "down" : "up");
    return size + (size_t)sprintf(out + size, "]}");
}

/* Path and body of the next changes, which begin with number `first`. */
static const char *write_change(uint64_t first, char *path, char *body, size_t *body_size)
{
    unsigned pool = pool_of(first);
    bool turns = is_turned(first);
    if (strcmp(options.kind, "report") == 0) {
        strcpy(path, "/v1/checks/beat/report");
        *body_size = write_reports(body, first);
        return "POST";
    }
    if (strcmp(options.kind, "weight") == 0) {
        sprintf(path, "/v1/pools/p%u/endpoints/a", pool);
        *body_size = (size_t)sprintf(body, "{\"weight\": %u}", turns ? 7u : 3u);
        return "PATCH";
    }
    sprintf(path, "/v1/pools/p%u/endpoints/a/override", pool);
    *body_size = (size_t)sprintf(body, "{\"state\": \"%s\"}", turns ? "down" : "up");
    return "PUT";
}

static void send_change(struct client *client)
{
    static char body[BODY_ROOM], request[BODY_ROOM + 512];
    char path[100];
    size_t body_size;
    const char *method = write_change(begun, path, body, &body_size);
    int size = snprintf(
        request, sizeof request,
        "%s %s HTTP/1.1\r\nHost: steerd\r\nAuthorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n%.*s",
        method, path, options.token, body_size, (int)body_size, body);
    begun += options.batch;
    client->size = 0;
    client->is_busy = true;
    client->sent_us = now_us();
    if (write(client->fd, request, (size_t)size) != size)
        die("write");
}

/* True once the reply is whole. */
static bool read_reply(struct client *client)
{
    ssize_t got = read(client->fd, client->reply + client->size, sizeof client->reply - 1 - client->size);
    if (got <= 0)
        die("the API closed the connection");
    client->size += (size_t)got;
    client->reply[client->size] = '\0';
    const char *head_end = strstr(client->reply, "\r\n\r\n"),
               *length = strcasestr(client->reply, "content-length:");
    return head_end != NULL && length != NULL &&
           client->size >= (size_t)(head_end + 4 - client->reply) + strtoul(length + 15, NULL, 10);
}

static void take_reply(struct client *client)
{
    bool is_good = strncmp(client->reply, "HTTP/1.1 2", 10) == 0;
    if (!is_good && refused == 0)
        fprintf(stderr, "api_load: refused: %.300s\n", client->reply);
    client->is_busy = false;
    done += is_good ? options.batch : 0;
    refused += is_good ? 0 : options.batch;
    if (took_count < SAMPLES_MOST)
        took_us[took_count++] = (uint32_t)(now_us() - client->sent_us);
}

/* ---- the loop */

static int open_clients(void)
{
    int poller = epoll_create1(0);
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "%s", options.api);
    for (unsigned i = 0; i < options.clients; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &clients[i] };
        clients[i].fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (clients[i].fd < 0 || connect(clients[i].fd, (struct sockaddr *)&at, sizeof at) < 0 ||
            epoll_ctl(poller, EPOLL_CTL_ADD, clients[i].fd, &event) < 0)
            die(options.api);
    }
    return poller;
}

/* Sends what is due by now through clients that are free; with no rate each free one sends. */
static void send_due(uint64_t start_us, uint64_t now)
{
    uint64_t due = options.rate > 0 ? (now - start_us) * options.rate / 1000000 : UINT64_MAX;
    for (unsigned i = 0; i < options.clients && begun - options.begin + options.batch <= due; i++)
        if (!clients[i].is_busy)
            send_change(&clients[i]);
}

static bool is_any_busy(void)
{
    for (unsigned i = 0; i < options.clients; i++)
        if (clients[i].is_busy)
            return true;
    return false;
}

static void run(int poller)
{
    uint64_t start_us = now_us(), end_us = start_us + (uint64_t)(options.seconds * 1e6), now;
    while ((now = now_us()) < end_us || is_any_busy()) {
        struct epoll_event events[64];
        if (now < end_us)
            send_due(start_us, now);
        int ready = epoll_wait(poller, events, 64, options.rate > 0 ? 1 : 10000);
        for (int i = 0; i < ready; i++)
            if (read_reply(events[i].data.ptr))
                take_reply(events[i].data.ptr);
        if (now > end_us + 10000000)
            die("nothing came for 10 s");
    }
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t percentile_us(double share)
{
    return took_count > 0 ? took_us[(size_t)((double)(took_count - 1) * share)] : 0;
}

static void options_parse(int argc, char **argv)
{
    enum { API = 1, TOKEN, KIND, RATE, CLIENTS, POOLS, FIRST, BEGIN, BATCH, SECONDS };
    static const struct option known[] = {
        { "api", 1, NULL, API },
        { "token", 1, NULL, TOKEN },
        { "kind", 1, NULL, KIND },
        { "rate", 1, NULL, RATE },
        { "clients", 1, NULL, CLIENTS },
        { "pools", 1, NULL, POOLS },
        { "batch", 1, NULL, BATCH },
        { "first-pool", 1, NULL, FIRST },
        { "begin", 1, NULL, BEGIN },
        { "seconds", 1, NULL, SECONDS },
        { 0 },
    };
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case API: options.api = optarg; break;
        case TOKEN: options.token = optarg; break;
        case KIND: options.kind = optarg; break;
        case RATE: options.rate = (unsigned)atoi(optarg); break;
        case CLIENTS: options.clients = (unsigned)atoi(optarg); break;
        case POOLS: options.pools = (unsigned)atoi(optarg); break;
        case FIRST: options.first_pool = (unsigned)atoi(optarg); break;
        case BEGIN: options.begin = strtoull(optarg, NULL, 10); break;
        case BATCH: options.batch = (unsigned)atoi(optarg); break;
        case SECONDS: options.seconds = atof(optarg); break;
        default: exit(2);
        }
    }
    if (options.api == NULL || options.token == NULL || options.kind == NULL || options.pools == 0 ||
        options.clients == 0 || options.clients > CLIENTS_MOST || options.batch == 0 ||
        options.batch > BATCH_MOST) {
        fprintf(stderr, "api_load: --api SOCKET --token TOKEN --kind KIND, --clients 1..%d, --batch 1..%d\n",
                CLIENTS_MOST, BATCH_MOST);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    options_parse(argc, argv);
    took_us = calloc(SAMPLES_MOST, sizeof *took_us);
    if (took_us == NULL)
        die("memory");
    begun = options.begin;
    int poller = open_clients();
    uint64_t start_us = now_us();
    run(poller);
    double seconds = (double)(now_us() - start_us) / 1e6;
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    qsort(took_us, took_count, sizeof *took_us, compare_u32);
    printf("{\"changes\": %llu, \"begun\": %llu, \"refused\": %llu, \"seconds\": %.3f, \"p50_us\": %u, "
           "\"p99_us\": %u, "
           "\"cpu_s\": %.3f}\n",
           (unsigned long long)done, (unsigned long long)begun, (unsigned long long)refused, seconds,
           percentile_us(0.5), percentile_us(0.99), (double)used.tv_sec + (double)used.tv_nsec / 1e9);
    return 0;
}
