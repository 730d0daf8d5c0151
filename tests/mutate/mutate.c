/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mutate PORT COUNT SEED: sends COUNT mutated queries to 127.0.0.1:PORT and judges every reply.  The queries
 * to start from are read from standard input, one a line in hexadecimal.
 *
 * They go in batches with a query at the end that is whole: one socket's datagrams are answered in their
 * order, so when the reply to that one is there, all others are.  Then every packet that is a query at all
 * must have been answered once, by a message that a strict reader accepts, and every other not at all.
 */
#include "reply.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BATCH         48 /* fits into any socket's buffer */
#define QUERIES_MOST  64
#define PACKET_SIZE   600
#define REPLY_SIZE    4096
#define RECEIVE_TRIES 30

struct packet {
    uint8_t bytes[PACKET_SIZE];
    size_t size;
};

static struct packet queries[QUERIES_MOST];
static size_t query_count;
static uint64_t random_state;

static uint64_t next_random(void) /* SplitMix64, Steele, Lea and Flood 2014 */
{
    uint64_t word = random_state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

static size_t below(size_t end)
{
    return end == 0 ? 0 : (size_t)(next_random() % end);
}

/* ---- mutations: each keeps size <= PACKET_SIZE ---- */

static void flip_bit(struct packet *packet)
{
    if (packet->size > 0)
        packet->bytes[below(packet->size)] ^= (uint8_t)(1u << below(8));
}

static void set_byte(struct packet *packet)
{
    static const uint8_t odd[] = { 0, 1, 2, 0x29, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xfe, 0xff };
    if (packet->size > 0)
        packet->bytes[below(packet->size)] = below(2) ? odd[below(sizeof odd)] : (uint8_t)next_random();
}

static void set_count(struct packet *packet)
{
    static const uint16_t odd[] = { 0, 1, 2, 3, 255, 256, 0x7fff, 0xffff };
    if (packet->size < 12)
        return;
    uint16_t count = odd[below(sizeof odd / sizeof *odd)];
    size_t at = 4 + 2 * below(4);
    packet->bytes[at] = (uint8_t)(count >> 8);
    packet->bytes[at + 1] = (uint8_t)count;
}

static void cut_out(struct packet *packet)
{
    size_t at = below(packet->size), count = below(1 + below(40));
    if (count > packet->size - at)
        count = packet->size - at;
    memmove(packet->bytes + at, packet->bytes + at + count, packet->size - at - count);
    packet->size -= count;
}

static void put_in(struct packet *packet)
{
    size_t at = below(packet->size + 1), count = below(1 + below(40));
    if (count > PACKET_SIZE - packet->size)
        count = PACKET_SIZE - packet->size;
    memmove(packet->bytes + at + count, packet->bytes + at, packet->size - at);
    for (size_t i = 0; i < count; i++)
        packet->bytes[at + i] = (uint8_t)next_random();
    packet->size += count;
}

static void truncate_it(struct packet *packet)
{
    packet->size = below(packet->size + 1);
}

/* The head of this one, the tail of another. */
static void splice(struct packet *packet)
{
    const struct packet *other = &queries[below(query_count)];
    size_t at = below(packet->size + 1), from = below(other->size + 1), count = other->size - from;
    if (count > PACKET_SIZE - at)
        count = PACKET_SIZE - at;
    memcpy(packet->bytes + at, other->bytes + from, count);
    packet->size = at + count;
}

/* Appends what is an EDNS option if the OPT record is the last, with its RDLENGTH patched as if it was. */
static void add_option(struct packet *packet)
{
    static const uint8_t codes[] = { 3, 8, 9, 10, 11, 12, 13, 15, 16, 0, 100 };
    size_t size = below(44), at = packet->size;
    if (at < 23 || at + 4 + size > PACKET_SIZE)
        return;
    uint8_t *option = packet->bytes + at;
    option[0] = 0;
    option[1] = codes[below(sizeof codes)];
    option[2] = 0;
    option[3] = (uint8_t)size;
    for (size_t i = 0; i < size; i++)
        option[4 + i] = (uint8_t)(below(2) ? below(4) : next_random());
    packet->size += 4 + size;
    for (size_t i = at - 2; i >= at - 11 && i > 12; i--) { /* the RDLENGTH reaches to the end */
        if ((size_t)(packet->bytes[i] << 8 | packet->bytes[i + 1]) == at - i - 2) {
            packet->bytes[i] = (uint8_t)((packet->size - i - 2) >> 8);
            packet->bytes[i + 1] = (uint8_t)(packet->size - i - 2);
            return;
        }
    }
}

static void mutate(struct packet *packet)
{
    static void (*const mutations[])(
        struct packet *) = { flip_bit, flip_bit,   set_byte,   set_byte, set_count,   cut_out,  put_in,
                             splice,   add_option, add_option, flip_bit, truncate_it, set_byte, put_in };
    size_t count = 1 + below(1 + below(8));
    while (count-- > 0)
        mutations[below(sizeof mutations / sizeof *mutations)](packet);
}

/* ---- one batch ---- */

struct batch {
    struct packet packets[BATCH]; /* the last one is whole */
    bool is_answered[BATCH];
    uint16_t first_id;
};

static void complain(const char *what, const struct packet *query, const uint8_t *reply, size_t size)
{
    printf("%s\nquery ", what);
    for (size_t i = 0; i < query->size; i++)
        printf("%02x", query->bytes[i]);
    printf("\nreply ");
    for (size_t i = 0; i < size; i++)
        printf("%02x", reply[i]);
    printf("\n");
    exit(1);
}

static void fill(struct batch *batch, uint16_t first_id)
{
    batch->first_id = first_id;
    for (uint16_t i = 0; i < BATCH; i++) {
        struct packet *packet = &batch->packets[i];
        *packet = queries[i + 1 < BATCH ? below(query_count) : 0];
        if (i + 1 < BATCH)
            mutate(packet);
        uint16_t id = (uint16_t)(first_id + i);
        const uint8_t wire[2] = { (uint8_t)(id >> 8), (uint8_t)id };
        memcpy(packet->bytes, wire, packet->size < 2 ? packet->size : 2);
        batch->is_answered[i] = false;
    }
}

static void send_all(int fd, struct batch *batch)
{
    struct mmsghdr headers[BATCH] = { 0 };
    struct iovec parts[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){ .iov_base = batch->packets[i].bytes, .iov_len = batch->packets[i].size };
        headers[i].msg_hdr.msg_iov = &parts[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned sent = 0; sent < BATCH;) {
        int more = sendmmsg(fd, headers + sent, BATCH - sent, 0);
        if (more <= 0) {
            perror("sendmmsg");
            exit(2);
        }
        sent += (unsigned)more;
    }
}

/* Receives one reply and judges it.  True if it was that to the last query. */
static bool take_reply(int fd, struct batch *batch)
{
    uint8_t reply[REPLY_SIZE];
    ssize_t size = recv(fd, reply, sizeof reply, 0);
    if (size < 0)
        return false; /* nothing within the time-out */
    const struct packet *last = &batch->packets[BATCH - 1];
    if (size < 12)
        complain("a reply without a header", last, reply, (size_t)size);
    uint16_t index = (uint16_t)((reply[0] << 8 | reply[1]) - batch->first_id);
    if (index >= BATCH)
        complain("a reply to nothing that was asked", last, reply, (size_t)size);
    const struct packet *query = &batch->packets[index];
    if (batch->is_answered[index])
        complain("a second reply", query, reply, (size_t)size);
    const char *mistake = reply_judge(query->bytes, query->size, reply, (size_t)size);
    if (mistake != NULL)
        complain(mistake, query, reply, (size_t)size);
    batch->is_answered[index] = true;
    return index == BATCH - 1;
}

static size_t run_batch(int fd, struct batch *batch)
{
    size_t replies = 0;
    send_all(fd, batch);
    for (unsigned tries = 0; !take_reply(fd, batch);) {
        if (!batch->is_answered[BATCH - 1] && ++tries > RECEIVE_TRIES + BATCH)
            complain("no reply to a good query any more", &batch->packets[BATCH - 1], NULL, 0);
    }
    for (size_t i = 0; i < BATCH; i++) {
        const struct packet *packet = &batch->packets[i];
        bool is_query = packet->size >= 12 && (packet->bytes[2] & 0x80) == 0;
        if (is_query && !batch->is_answered[i])
            complain("no reply", packet, NULL, 0);
        replies += batch->is_answered[i];
    }
    return replies;
}

/* ---- main ---- */

static void read_queries(void)
{
    char line[2 * PACKET_SIZE + 2];
    while (query_count < QUERIES_MOST && fgets(line, sizeof line, stdin) != NULL) {
        struct packet *packet = &queries[query_count];
        unsigned byte;
        for (const char *at = line; packet->size < PACKET_SIZE && sscanf(at, "%2x", &byte) == 1; at += 2)
            packet->bytes[packet->size++] = (uint8_t)byte;
        query_count += packet->size >= 12;
    }
}

static int connect_to(const char *port)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    const struct sockaddr_in server = { .sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)atoi(port)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval second = { .tv_sec = 1 };
    const int buffer_size = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof buffer_size);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&server, sizeof server) != 0) {
        perror("connect");
        exit(2);
    }
    return fd;
}

int main(int argc, char **argv)
{
    static struct batch batch;
    if (argc != 4)
        return fprintf(stderr, "usage: mutate PORT COUNT SEED < queries\n"), 2;
    read_queries();
    if (query_count == 0)
        return fprintf(stderr, "no queries to start from\n"), 2;
    random_state = strtoull(argv[3], NULL, 10);
    const unsigned long long count = strtoull(argv[2], NULL, 10);
    unsigned long long sent = 0, replies = 0;
    int fd = connect_to(argv[1]);
    for (uint16_t id = 0; sent < count; sent += BATCH, id = (uint16_t)(id + BATCH)) {
        fill(&batch, id);
        replies += run_batch(fd, &batch);
    }
    close(fd);
    printf("%llu sent, %llu answered\n", sent, replies);
    return 0;
}
