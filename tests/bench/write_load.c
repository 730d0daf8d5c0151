/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes weights through the admin API as fast as it acknowledges them, and asks by DNS at a steady rate.
 *
 *     write_load API_PORT TOKEN DNS_PORT CLIENTS SECONDS DNS_RATE
 *
 * Client i holds one connection and sends PATCH /v1/pools/p/endpoints/e<i>, one after the other.  CLIENTS 0:
 * no writes, RATE 0: no queries.  Prints one line of JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 256
#define SAMPLES_MAX 8000000u

struct samples {
    uint32_t *us;
    size_t count;
};

struct client {
    int fd;
    unsigned number, weight;
    uint64_t sent_us;
    char reply[8192];
    size_t size;
};

static const char *token;
static uint64_t end_us;
static unsigned long refused;

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void die(const char *what)
{
    fprintf(stderr, "write_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void note(struct samples *samples, uint64_t us)
{
    if (samples->count < SAMPLES_MAX)
        samples->us[samples->count++] = (uint32_t)us;
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static uint32_t percentile(const struct samples *samples, double share)
{
    return samples->count > 0 ? samples->us[(size_t)((double)(samples->count - 1) * share)] : 0;
}

/* ---- writes ---- */

static int connect_to(unsigned port, int type)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, type, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("connect");
    return fd;
}

static void send_write(struct client *client)
{
    char body[32], request[512];
    client->weight = client->weight % 60000 + 1;
    int body_size = snprintf(body, sizeof body, "{\"weight\": %u}", client->weight);
    int size =
        snprintf(request, sizeof request,
                 "PATCH /v1/pools/p/endpoints/e%u HTTP/1.1\r\nHost: steerd\r\nAuthorization: Bearer %s\r\n"
                 "Content-Length: %d\r\n\r\n%s",
                 client->number, token, body_size, body);
    client->sent_us = now_us();
    client->size = 0;
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
    if (head_end == NULL || length == NULL)
        return false;
    return client->size >= (size_t)(head_end + 4 - client->reply) + strtoul(length + 15, NULL, 10);
}

static void write_all(unsigned port, unsigned count, struct samples *samples)
{
    static struct client clients[CLIENTS_MAX];
    int poller = epoll_create1(0);
    for (unsigned i = 0; i < count; i++) {
        clients[i] = (struct client){ .fd = connect_to(port, SOCK_STREAM), .number = i };
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &clients[i] };
        epoll_ctl(poller, EPOLL_CTL_ADD, clients[i].fd, &event);
        send_write(&clients[i]);
    }
    for (unsigned open = count; open > 0;) {
        struct epoll_event events[64];
        int ready = epoll_wait(poller, events, 64, 10000);
        if (ready <= 0)
            die("nothing came for 10 s");
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (!read_reply(client))
                continue;
            refused += strncmp(client->reply, "HTTP/1.1 200", 12) != 0;
            note(samples, now_us() - client->sent_us);
            if (now_us() < end_us) {
                send_write(client);
                continue;
            }
            close(client->fd);
            open--;
        }
    }
}

/* ---- queries ---- */

struct asking {
    unsigned port, rate;
    struct samples samples;
    unsigned long sent;
};

static const unsigned char question[] = "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                                        "\x03www\x07"
                                        "example\x04test\x00\x00\x01\x00\x01";

static void *ask_all(void *argument)
{
    static uint64_t sent_us[65536];
    struct asking *asking = argument;
    int fd = connect_to(asking->port, SOCK_DGRAM);
    uint64_t start_us = now_us(), now;
    while ((now = now_us()) < end_us) {
        uint64_t due = (now - start_us) * asking->rate / 1000000;
        while (asking->sent < due) {
            unsigned char query[sizeof question - 1];
            uint16_t id = (uint16_t)asking->sent++;
            memcpy(query, question, sizeof query);
            query[0] = (unsigned char)(id >> 8), query[1] = (unsigned char)id;
            sent_us[id] = now_us();
            (void)!write(fd, query, sizeof query);
        }
        unsigned char reply[2048];
        while (recv(fd, reply, sizeof reply, MSG_DONTWAIT) >= 12) {
            uint16_t id = (uint16_t)(reply[0] << 8 | reply[1]);
            note(&asking->samples, now_us() - sent_us[id]);
        }
        struct pollfd poller = { .fd = fd, .events = POLLIN };
        struct timespec wait = { .tv_nsec = 200000 };
        ppoll(&poller, 1, &wait, NULL);
    }
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 7) {
        fprintf(stderr, "use: write_load API_PORT TOKEN DNS_PORT CLIENTS SECONDS DNS_RATE\n");
        return 2;
    }
    unsigned api_port = (unsigned)atoi(arguments[1]), clients = (unsigned)atoi(arguments[4]);
    unsigned seconds = (unsigned)atoi(arguments[5]);
    struct asking asking = { .port = (unsigned)atoi(arguments[3]), .rate = (unsigned)atoi(arguments[6]) };
    struct samples writes = { .us = calloc(SAMPLES_MAX, sizeof(uint32_t)) };
    pthread_t asker;
    asking.samples.us = calloc(SAMPLES_MAX, sizeof(uint32_t));
    token = arguments[2];
    if (clients > CLIENTS_MAX || writes.us == NULL || asking.samples.us == NULL)
        die("too many clients");
    uint64_t start_us = now_us();
    end_us = start_us + (uint64_t)seconds * 1000000;
    pthread_create(&asker, NULL, ask_all, &asking);
    write_all(api_port, clients, &writes);
    double took_s = (double)(now_us() - start_us) / 1e6;
    pthread_join(asker, NULL);
    qsort(writes.us, writes.count, sizeof(uint32_t), compare);
    qsort(asking.samples.us, asking.samples.count, sizeof(uint32_t), compare);
    printf("{\"writes_per_s\": %.0f, \"refused\": %lu, \"write_p50_us\": %u, \"write_p99_us\": %u, "
           "\"queries\": %lu, \"answers\": %zu, \"dns_p50_us\": %u, \"dns_p99_us\": %u}\n",
           (double)writes.count / took_s, refused, percentile(&writes, 0.5), percentile(&writes, 0.99),
           asking.sent, asking.samples.count, percentile(&asking.samples, 0.5),
           percentile(&asking.samples, 0.99));
    return 0;
}
