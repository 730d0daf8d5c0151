/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks a DNS server over UDP as fast as it answers, at a fixed rate, or faster than it can, and prints one
 * JSON object: what came back, what was wrong, how long it took, and what asking cost.
 *
 *     load --server 127.0.0.1 --port 5300 --queries FILE --seconds 3 [--window 256 | --rate 20000 | --flood]
 *
 * FILE has a name and a type number on each line.  With --window so many queries are always under way: an
 * answer sends the next.  With --rate queries leave at equal distances, whatever comes back, and the time of
 * each answer is kept.  With --flood they leave as fast as this program can send.
 */
#include "asking.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 32,
    SOCKETS_MOST = 64,
    QUERY_ROOM = 320,
    REPLY_ROOM = 4096,
    IDS = 65536,
};
#define LOST_NS  UINT64_C(200000000) /* an answer that late does not count */
#define DRAIN_NS UINT64_C(100000000) /* how long to wait for the last ones */

struct options {
    const char *server, *queries;
    unsigned port, window, rate, sockets, ecs_len, mutated_percent;
    double seconds, warm_s;
    bool is_flood, has_edns, takes_any, takes_empty;
};

struct tally {
    uint64_t sent, answered, lost, wrong_rcode, empty, wrong_question;
};

struct lane {
    int fd;
    uint16_t next_id;
    uint64_t sent_ns[IDS]; /* 0: nothing under way with this id */
};

static struct options options = {
    .server = "127.0.0.1", .port = 5300, .sockets = 8, .seconds = 2, .warm_s = 0.2
};
static struct question *questions;
static size_t question_count;
static struct lane *lanes[SOCKETS_MOST];
static struct tally tally;
static uint32_t *latencies_ns;
static size_t latency_count, latency_room;

/* ---- what is asked */

/* A client subnet out of the addresses that a database may know, with `length` bits. */
static size_t write_opt(uint8_t *out, unsigned length)
{
    static const uint8_t bare[] = { 0, 0, 41, 1232 >> 8, 1232 & 255, 0, 0, 0, 0, 0, 0 };
    memcpy(out, bare, sizeof bare);
    if (length == 0)
        return sizeof bare;
    size_t bytes = (length + 7) / 8;
    uint8_t option[] = { 0, 8, 0, (uint8_t)(4 + bytes), 0, 1, (uint8_t)length, 0 };
    uint32_t address = htonl((uint32_t)(next_random() >> 32) % 0xdf000000u & ~(UINT32_MAX >> length));
    out[10] = (uint8_t)(sizeof option + bytes);
    memcpy(out + sizeof bare, option, sizeof option);
    memcpy(out + sizeof bare + sizeof option, &address, bytes);
    return sizeof bare + sizeof option + bytes;
}

static size_t write_query(uint8_t *out, uint16_t id)
{
    const struct question *question = &questions[next_random() % question_count];
    bool has_opt = options.has_edns || options.ecs_len > 0;
    const uint8_t header[12] = { (uint8_t)(id >> 8), (uint8_t)id, 0, 0, 0, 1, 0, 0, 0, 0, 0, has_opt };
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, question->bytes, question->size);
    size_t size = sizeof header + question->size;
    if (has_opt)
        size += write_opt(out + size, options.ecs_len);
    if (next_random() % 100 < options.mutated_percent)
        out[2 + next_random() % (size - 2)] = (uint8_t)next_random(); /* the id stays */
    return size;
}

/* ---- sending and receiving */

static uint8_t send_bytes[BATCH][QUERY_ROOM], receive_bytes[BATCH][REPLY_ROOM];
static struct iovec send_iov[BATCH], receive_iov[BATCH];
static struct mmsghdr send_headers[BATCH], receive_headers[BATCH];

static void lanes_open(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)options.port) };
    if (inet_pton(AF_INET, options.server, &to.sin_addr) != 1)
        die(options.server);
    for (unsigned i = 0; i < options.sockets; i++) {
        lanes[i] = calloc(1, sizeof *lanes[i]);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4 << 20;
        if (lanes[i] == NULL || fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
            die("socket");
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
        lanes[i]->fd = fd;
    }
    for (unsigned i = 0; i < BATCH; i++) {
        send_iov[i].iov_base = send_bytes[i];
        receive_iov[i] = (struct iovec){ receive_bytes[i], REPLY_ROOM };
        send_headers[i].msg_hdr = (struct msghdr){ .msg_iov = &send_iov[i], .msg_iovlen = 1 };
        receive_headers[i].msg_hdr = (struct msghdr){ .msg_iov = &receive_iov[i], .msg_iovlen = 1 };
    }
}

/* Sends up to BATCH queries; what the socket does not take was never sent. */
static unsigned lane_send(struct lane *lane, unsigned count, uint64_t now)
{
    uint16_t first = lane->next_id;
    for (unsigned i = 0; i < count; i++)
        send_iov[i].iov_len = write_query(send_bytes[i], (uint16_t)(first + i));
    int sent = sendmmsg(lane->fd, send_headers, count, 0);
    unsigned done = sent > 0 ? (unsigned)sent : 0;
    for (unsigned i = 0; i < done; i++) {
        uint64_t *slot = &lane->sent_ns[(uint16_t)(first + i)];
        tally.lost += *slot != 0;
        *slot = now;
    }
    lane->next_id = (uint16_t)(first + done);
    tally.sent += done;
    return done;
}

static bool is_name_echoed(const uint8_t *reply, size_t size)
{
    return size >= 17 && reply[4] == 0 && reply[5] == 1 && (reply[2] & 0x80) != 0;
}

static void check_reply(const uint8_t *reply, size_t size)
{
    if (options.mutated_percent > 0)
        return; /* anything may be right */
    tally.wrong_question += !is_name_echoed(reply, size);
    if (options.takes_any || size < 12)
        return;
    tally.wrong_rcode += (reply[3] & 15) != 0;
    tally.empty += !options.takes_empty && reply[6] == 0 && reply[7] == 0;
}

static void keep_latency(uint64_t ns)
{
    if (latency_count < latency_room)
        latencies_ns[latency_count++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

/* Returns how many queries of ours were answered. */
static unsigned lane_receive(struct lane *lane)
{
    int received = recvmmsg(lane->fd, receive_headers, BATCH, MSG_DONTWAIT, NULL);
    if (received <= 0)
        return 0;
    uint64_t now = now_ns();
    unsigned fresh = 0;
    for (int i = 0; i < received; i++) {
        const uint8_t *reply = receive_bytes[i];
        size_t size = receive_headers[i].msg_len;
        uint64_t *slot = &lane->sent_ns[size < 2 ? 0 : (uint16_t)(reply[0] << 8 | reply[1])];
        if (*slot == 0)
            continue;
        keep_latency(now - *slot);
        *slot = 0;
        check_reply(reply, size);
        fresh++;
    }
    tally.answered += fresh;
    return fresh;
}

/* Gives up what is under way for too long; returns how much that was. */
static unsigned lane_give_up(struct lane *lane, uint64_t before)
{
    unsigned count = 0;
    for (unsigned id = 0; id < IDS; id++) {
        if (lane->sent_ns[id] != 0 && lane->sent_ns[id] < before) {
            lane->sent_ns[id] = 0;
            count++;
        }
    }
    tally.lost += count;
    return count;
}

/* ---- three ways to ask */

static void ask_by_window(uint64_t end)
{
    unsigned share = options.window / options.sockets, owed[SOCKETS_MOST];
    for (unsigned i = 0; i < options.sockets; i++)
        owed[i] = share > 0 ? share : 1;
    uint64_t now = now_ns(), next_scan = now + LOST_NS;
    for (; now < end; now = now_ns()) {
        for (unsigned i = 0; i < options.sockets; i++) {
            owed[i] += lane_receive(lanes[i]);
            while (owed[i] > 0) {
                unsigned sent = lane_send(lanes[i], owed[i] < BATCH ? owed[i] : BATCH, now);
                owed[i] -= sent;
                if (sent == 0)
                    break;
            }
        }
        if (now < next_scan)
            continue;
        for (unsigned i = 0; i < options.sockets; i++)
            owed[i] += lane_give_up(lanes[i], now - LOST_NS);
        next_scan = now + LOST_NS;
    }
}

static void ask_by_rate(uint64_t end)
{
    uint64_t start = now_ns(), done = 0;
    for (uint64_t now = start; now < end; now = now_ns()) {
        uint64_t due = (uint64_t)((double)(now - start) * options.rate / 1e9);
        for (; done < due; done++)
            lane_send(lanes[done % options.sockets], 1, now_ns());
        for (unsigned i = 0; i < options.sockets; i++)
            lane_receive(lanes[i]);
    }
}

static void ask_by_flood(uint64_t end)
{
    for (uint64_t now = now_ns(); now < end; now = now_ns()) {
        for (unsigned i = 0; i < options.sockets; i++) {
            lane_send(lanes[i], BATCH, now);
            lane_receive(lanes[i]);
        }
    }
}

static void ask(double seconds)
{
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    if (options.is_flood)
        ask_by_flood(end);
    else if (options.rate > 0)
        ask_by_rate(end);
    else
        ask_by_window(end);
    for (uint64_t now = end; now < end + DRAIN_NS; now = now_ns())
        for (unsigned i = 0; i < options.sockets; i++)
            lane_receive(lanes[i]);
    for (unsigned i = 0; i < options.sockets; i++)
        lane_give_up(lanes[i], UINT64_MAX);
}

/* ---- what came of it */

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile_us(double share)
{
    if (latency_count == 0)
        return 0;
    size_t index = (size_t)((double)(latency_count - 1) * share);
    return latencies_ns[index] / 1e3;
}

static void print_result(double seconds, double used_s, uint64_t answered_warm)
{
    qsort(latencies_ns, latency_count, sizeof *latencies_ns, compare_u32);
    printf("{\"answered_warm\": %llu, ", (unsigned long long)answered_warm);
    printf("\"seconds\": %.4f, \"sent\": %llu, \"answered\": %llu, \"lost\": %llu, \"wrong_rcode\": %llu, "
           "\"empty\": %llu, \"wrong_question\": %llu, \"client_cpu_s\": %.4f, ",
           seconds, (unsigned long long)tally.sent, (unsigned long long)tally.answered,
           (unsigned long long)tally.lost, (unsigned long long)tally.wrong_rcode,
           (unsigned long long)tally.empty, (unsigned long long)tally.wrong_question, used_s);
    printf("\"p50_us\": %.2f, \"p90_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f}\n", percentile_us(0.5),
           percentile_us(0.9), percentile_us(0.99), percentile_us(0.999));
}

static void options_parse(int argc, char **argv)
{
    enum {
        SERVER = 1,
        PORT,
        QUERIES,
        SECONDS,
        WARM,
        WINDOW,
        RATE,
        FLOOD,
        SOCKETS,
        EDNS,
        ECS,
        MUTATED,
        ANY,
        EMPTY
    };
    static const struct option known[] = {
        { "server", 1, NULL, SERVER },   { "port", 1, NULL, PORT },   { "queries", 1, NULL, QUERIES },
        { "seconds", 1, NULL, SECONDS }, { "warm", 1, NULL, WARM },   { "window", 1, NULL, WINDOW },
        { "rate", 1, NULL, RATE },       { "flood", 0, NULL, FLOOD }, { "sockets", 1, NULL, SOCKETS },
        { "edns", 0, NULL, EDNS },       { "ecs", 1, NULL, ECS },     { "mutated", 1, NULL, MUTATED },
        { "any-rcode", 0, NULL, ANY },   { "empty", 0, NULL, EMPTY }, { 0 },
    };
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case SERVER: options.server = optarg; break;
        case PORT: options.port = (unsigned)atoi(optarg); break;
        case QUERIES: options.queries = optarg; break;
        case SECONDS: options.seconds = atof(optarg); break;
        case WARM: options.warm_s = atof(optarg); break;
        case WINDOW: options.window = (unsigned)atoi(optarg); break;
        case RATE: options.rate = (unsigned)atoi(optarg); break;
        case FLOOD: options.is_flood = true; break;
        case SOCKETS: options.sockets = (unsigned)atoi(optarg); break;
        case EDNS: options.has_edns = true; break;
        case ECS: options.ecs_len = (unsigned)atoi(optarg); break;
        case MUTATED: options.mutated_percent = (unsigned)atoi(optarg); break;
        case ANY: options.takes_any = true; break;
        case EMPTY: options.takes_empty = true; break;
        default: exit(2);
        }
    }
    if (options.queries == NULL || options.sockets == 0 || options.sockets > SOCKETS_MOST ||
        options.ecs_len > 32) {
        fprintf(stderr, "load: --queries FILE, --sockets 1..%d, --ecs 0..32\n", SOCKETS_MOST);
        exit(2);
    }
    if (options.window == 0)
        options.window = 256;
}

int main(int argc, char **argv)
{
    options_parse(argc, argv);
    questions = questions_load(options.queries, &question_count);
    lanes_open();
    if (options.warm_s > 0)
        ask(options.warm_s);
    uint64_t answered_warm = tally.answered;
    tally = (struct tally){ 0 };
    latency_room = (size_t)(2e6 * options.seconds);
    latencies_ns = calloc(latency_room, sizeof *latencies_ns);
    if (latencies_ns == NULL)
        die("memory");
    memset(latencies_ns, 1, latency_room * sizeof *latencies_ns); /* no page fault while measuring */
    uint64_t start = now_ns();
    double used_s = cpu_s();
    ask(options.seconds);
    double seconds = (double)(now_ns() - start - DRAIN_NS) / 1e9;
    print_result(seconds, cpu_s() - used_s, answered_warm);
    return 0;
}
