/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps a DNS server's queue filled at next to no cost and prints one JSON object: how much came back and
 * whether the server ever had nothing to do.
 *
 *     load_full --port 5300 --queries FILE --seconds 3 [--window 4096] [--turn-us 500] [--warm 0.2]
 *               [--worker /proc/PID/task/TID/schedstat]
 *
 * FILE has a name and a type number on each line.  Every turn takes all replies, looks at their first twelve
 * bytes, and sends what keeps `window` queries under way: prepared ones, up to 64 of equal size in one
 * message that the kernel cuts up (UDP_SEGMENT).  So the program asks with a third of the CPU that answering
 * takes, and it is the server's core that says how many answers there are.
 *
 * With --worker the CPU time of that thread is told for the very seconds that are measured.  A turn that
 * finds fewer than a burst under way is "starved": the server may have waited.  A run that has such turns did
 * not measure the server.
 */
#include "asking.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEADER_SIZE = 12,
    BURST = 64,  /* queries in one message: UDP_MAX_SEGMENTS of older kernels */
    BATCH = 256, /* replies in one call */
    SOCKETS = 4, /* the receive buffer of one would be too small */
};
#define DRAIN_NS UINT64_C(100000000) /* how long to wait for the last ones */

struct options {
    const char *queries, *worker;
    unsigned port, window, turn_us;
    double seconds, warm_s;
};

/* Queries of one size, one behind the other in random order. */
struct packets {
    uint8_t *bytes;
    uint16_t size; /* of one */
    size_t count, next;
};

struct tally {
    uint64_t sent, answered, bad, turns, starved;
};

static struct options options = { .port = 5300, .window = 4096, .turn_us = 500, .seconds = 2, .warm_s = 0.2 };
static struct packets *packets; /* by size */
static size_t packets_count;
static int sockets[SOCKETS];
static uint64_t under_way;
static struct tally tally;

/* ---- what is asked */

static int compare_sizes(const void *a, const void *b)
{
    const struct question *left = a, *right = b;
    return (left->size > right->size) - (left->size < right->size);
}

static void shuffle(struct question *questions, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = next_random() % i;
        struct question last = questions[i - 1];
        questions[i - 1] = questions[other];
        questions[other] = last;
    }
}

/* As many as there are, but no less than a burst. */
static struct packets packets_of(struct question *questions, size_t count)
{
    struct packets made = { .size = (uint16_t)(HEADER_SIZE + questions[0].size),
                            .count = count < BURST ? BURST : count };
    made.bytes = malloc(made.count * made.size);
    if (made.bytes == NULL)
        die("memory");
    shuffle(questions, count);
    for (size_t i = 0; i < made.count; i++) {
        const struct question *question = &questions[i % count];
        const uint8_t header[HEADER_SIZE] = { (uint8_t)(i >> 8), (uint8_t)i, 0, 0, 0, 1 };
        memcpy(made.bytes + i * made.size, header, sizeof header);
        memcpy(made.bytes + i * made.size + sizeof header, question->bytes, question->size);
    }
    return made;
}

static void packets_prepare(void)
{
    size_t count;
    struct question *questions = questions_load(options.queries, &count);
    qsort(questions, count, sizeof *questions, compare_sizes);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first; end < count && questions[end].size == questions[first].size; end++)
            continue;
        packets = realloc(packets, (packets_count + 1) * sizeof *packets);
        if (packets == NULL)
            die("memory");
        packets[packets_count++] = packets_of(questions + first, end - first);
    }
}

/* ---- sending and receiving */

static uint8_t heads[BATCH][HEADER_SIZE];
static struct iovec receive_iov[BATCH];
static struct mmsghdr receive_headers[BATCH];

static void sockets_open(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)options.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int size = 8 << 20;
    for (unsigned i = 0; i < SOCKETS; i++) {
        sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (sockets[i] < 0 || connect(sockets[i], (struct sockaddr *)&to, sizeof to) < 0)
            die("socket");
        setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    }
    for (unsigned i = 0; i < BATCH; i++) {
        receive_iov[i] = (struct iovec){ heads[i], HEADER_SIZE }; /* the kernel throws the rest away */
        receive_headers[i].msg_hdr = (struct msghdr){ .msg_iov = &receive_iov[i], .msg_iovlen = 1 };
    }
}

/* In turns of the sizes and sockets; the share of a size is that of its queries, to a burst. */
static void send_burst(uint64_t number)
{
    static size_t at;
    struct packets *from = &packets[at];
    if (from->next + BURST > from->count) {
        from->next = 0;
        at = (at + 1) % packets_count;
        from = &packets[at];
    }
    struct iovec iov = { from->bytes + from->next * from->size, (size_t)BURST * from->size };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(uint16_t))];
    } control = { .header = { .cmsg_len = CMSG_LEN(sizeof(uint16_t)),
                              .cmsg_level = IPPROTO_UDP,
                              .cmsg_type = UDP_SEGMENT } };
    memcpy(CMSG_DATA(&control.header), &from->size, sizeof from->size);
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    if (sendmsg(sockets[number % SOCKETS], &message, 0) < 0) {
        if (errno == EAGAIN || errno == ECONNREFUSED)
            return;
        die("sendmsg");
    }
    from->next += BURST;
    tally.sent += BURST;
    under_way += BURST;
}

/* An answer is a reply without an error and with something in its answer section. */
static bool is_answer(const uint8_t *head)
{
    return (head[2] & 0x80) != 0 && (head[3] & 15) == 0 && (head[6] | head[7]) != 0;
}

static void receive_all(int fd)
{
    int received;
    while ((received = recvmmsg(fd, receive_headers, BATCH, MSG_DONTWAIT, NULL)) > 0) {
        unsigned good = 0;
        for (int i = 0; i < received; i++)
            good += receive_headers[i].msg_len == HEADER_SIZE && is_answer(heads[i]);
        tally.answered += good;
        tally.bad += (unsigned)received - good;
        under_way -= (unsigned)received;
        if (received < BATCH)
            return;
    }
}

static void receive_replies(void)
{
    for (unsigned i = 0; i < SOCKETS; i++)
        receive_all(sockets[i]);
}

static void sleep_a_turn(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = (long)options.turn_us * 1000 }, NULL);
}

static void ask(double seconds)
{
    static uint64_t bursts;
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    for (; now_ns() < end; sleep_a_turn()) {
        receive_replies();
        tally.turns++;
        tally.starved += under_way < BURST;
        for (uint64_t owed = options.window - under_way; owed >= BURST; owed -= BURST)
            send_burst(bursts++);
    }
}

/* What has not come by now will not come. */
static void drain(void)
{
    for (uint64_t end = now_ns() + DRAIN_NS; under_way > 0 && now_ns() < end; sleep_a_turn())
        receive_replies();
}

/* ---- what came of it */

/* CPU time of the thread that answers, as the scheduler keeps it; 0 if nobody wants to know. */
static double worker_s(void)
{
    unsigned long long ran_ns = 0;
    FILE *file = options.worker != NULL ? fopen(options.worker, "r") : NULL;
    if (options.worker == NULL)
        return 0;
    if (file == NULL || fscanf(file, "%llu", &ran_ns) != 1)
        die(options.worker);
    fclose(file);
    return (double)ran_ns / 1e9;
}

static void options_parse(int argc, char **argv)
{
    enum { PORT = 1, QUERIES, SECONDS, WARM, WINDOW, TURN, WORKER };
    static const struct option known[] = {
        { "port", 1, NULL, PORT },       { "queries", 1, NULL, QUERIES },
        { "seconds", 1, NULL, SECONDS }, { "warm", 1, NULL, WARM },
        { "window", 1, NULL, WINDOW },   { "turn-us", 1, NULL, TURN },
        { "worker", 1, NULL, WORKER },   { 0 },
    };
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case PORT: options.port = (unsigned)atoi(optarg); break;
        case QUERIES: options.queries = optarg; break;
        case SECONDS: options.seconds = atof(optarg); break;
        case WARM: options.warm_s = atof(optarg); break;
        case WINDOW: options.window = (unsigned)atoi(optarg); break;
        case WORKER: options.worker = optarg; break;
        case TURN: options.turn_us = (unsigned)atoi(optarg); break;
        default: exit(2);
        }
    }
    if (options.queries == NULL || options.window < 2 * BURST || options.turn_us >= 1000000) {
        fprintf(stderr, "load_full: --queries FILE, --window %d.., --turn-us below a million\n", 2 * BURST);
        exit(2);
    }
}

static void print_result(double seconds, double client_cpu_s, double worker_cpu_s, uint64_t answered)
{
    printf("{\"seconds\": %.4f, \"sent\": %llu, \"answered\": %llu, \"bad\": %llu, \"lost\": %llu, "
           "\"turns\": %llu, \"starved\": %llu, \"client_cpu_s\": %.4f, \"worker_cpu_s\": %.4f}\n",
           seconds, (unsigned long long)tally.sent, (unsigned long long)answered,
           (unsigned long long)tally.bad, (unsigned long long)under_way, (unsigned long long)tally.turns,
           (unsigned long long)tally.starved, client_cpu_s, worker_cpu_s);
}

int main(int argc, char **argv)
{
    options_parse(argc, argv);
    packets_prepare();
    sockets_open();
    ask(options.warm_s);
    tally = (struct tally){ 0 };
    uint64_t start = now_ns();
    double client_s = cpu_s(), server_s = worker_s();
    ask(options.seconds);
    double seconds = (double)(now_ns() - start) / 1e9;
    client_s = cpu_s() - client_s;
    server_s = worker_s() - server_s;
    uint64_t in_time = tally.answered;
    drain();
    print_result(seconds, client_s, server_s, in_time);
    return 0;
}
