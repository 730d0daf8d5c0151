/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks one DNS question at a steady rate over UDP and prints one JSON object: how long the answers took.
 *
 *     latency PORT NAME RATE SECONDS [TICK_US]
 *
 * Every TICK_US what is due leaves together.  When an answer came is what the kernel stamped on it, so it
 * does not matter when this program gets to read it; asked and answered on one machine, no more than that is
 * wanted of the program's own turn on a CPU.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, IDS = 65536, ROOM = 512 };

static uint64_t sent_ns[IDS];
static uint32_t *took_ns;
static size_t took_count, took_room;
static uint64_t sent, late_ticks;
static uint8_t question[300];
static size_t question_size;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "latency: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* The clock of SO_TIMESTAMPNS. */
static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void write_question(char *name)
{
    static const uint8_t header[12] = { 0, 0, 0, 0, 0, 1 }, tail[5] = { 0, 0, 1, 0, 1 };
    memcpy(question, header, sizeof header);
    question_size = sizeof header;
    for (char *label; (label = strsep(&name, ".")) != NULL && *label != '\0';) {
        size_t length = strlen(label);
        if (length > 63 || question_size + length + 6 > sizeof question) {
            errno = EINVAL;
            die(label);
        }
        question[question_size++] = (uint8_t)length;
        memcpy(question + question_size, label, length);
        question_size += length;
    }
    memcpy(question + question_size, tail, sizeof tail);
    question_size += sizeof tail;
}

static int open_socket(unsigned port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4 << 20, on = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return fd;
}

static void ask(int fd, unsigned count)
{
    static uint8_t bytes[BATCH][300];
    struct iovec iov[BATCH];
    struct mmsghdr headers[BATCH];
    uint64_t now = now_ns();
    for (unsigned i = 0; i < count; i++) {
        uint16_t id = (uint16_t)(sent + i);
        memcpy(bytes[i], question, question_size);
        bytes[i][0] = (uint8_t)(id >> 8), bytes[i][1] = (uint8_t)id;
        iov[i] = (struct iovec){ bytes[i], question_size };
        headers[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[i], .msg_iovlen = 1 } };
        sent_ns[id] = now;
    }
    int done = sendmmsg(fd, headers, count, 0);
    sent += done > 0 ? (unsigned)done : 0;
}

static uint64_t stamp_of(struct msghdr *header)
{
    struct timespec at = { 0 };
    for (struct cmsghdr *each = CMSG_FIRSTHDR(header); each != NULL; each = CMSG_NXTHDR(header, each))
        if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&at, CMSG_DATA(each), sizeof at);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void take_answer(const uint8_t *reply, size_t size, uint64_t at_ns)
{
    uint16_t id = (uint16_t)(reply[0] << 8 | reply[1]);
    if (size < 12 || sent_ns[id] == 0 || took_count == took_room)
        return;
    took_ns[took_count++] = at_ns > sent_ns[id] ? (uint32_t)(at_ns - sent_ns[id]) : 0;
    sent_ns[id] = 0;
}

static void take_answers(int fd)
{
    static uint8_t bytes[BATCH][ROOM];
    static _Alignas(struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(struct timespec))];
    struct iovec iov[BATCH];
    struct mmsghdr headers[BATCH];
    for (int count = BATCH; count == BATCH;) {
        for (unsigned i = 0; i < BATCH; i++) {
            iov[i] = (struct iovec){ bytes[i], ROOM };
            headers[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
                                                  .msg_iovlen = 1,
                                                  .msg_control = control[i],
                                                  .msg_controllen = sizeof control[i] };
        }
        count = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++)
            take_answer(bytes[i], headers[i].msg_len, stamp_of(&headers[i].msg_hdr));
    }
}

static void sleep_until(uint64_t ns)
{
    struct timespec at = { .tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u) };
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL);
}

static void run(int fd, unsigned rate, double seconds, uint64_t tick_ns)
{
    uint64_t start = now_ns(), end = start + (uint64_t)(seconds * 1e9), due = 0;
    for (uint64_t now = start; now < end; now = now_ns()) {
        uint64_t all = (uint64_t)((double)(now - start) * rate / 1e9);
        if (all - due > BATCH) {
            late_ticks++; /* this program had no turn: what it missed is not asked at all */
            due = all - BATCH;
        }
        if (all > due)
            ask(fd, (unsigned)(all - due));
        due = all;
        take_answers(fd);
        sleep_until(now + tick_ns);
    }
    sleep_until(now_ns() + 200000000);
    take_answers(fd);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile_us(double share)
{
    return took_count > 0 ? took_ns[(size_t)((double)(took_count - 1) * share)] / 1e3 : 0;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "use: latency PORT NAME RATE SECONDS [TICK_US]\n");
        return 2;
    }
    unsigned rate = (unsigned)atoi(argv[3]);
    double seconds = atof(argv[4]);
    write_question(argv[2]);
    took_room = (size_t)(rate * (seconds + 1));
    took_ns = calloc(took_room, sizeof *took_ns);
    if (took_ns == NULL)
        die("memory");
    run(open_socket((unsigned)atoi(argv[1])), rate, seconds,
        (argc > 5 ? (uint64_t)atoi(argv[5]) : 50) * 1000);
    qsort(took_ns, took_count, sizeof *took_ns, compare_u32);
    printf("{\"sent\": %llu, \"answered\": %zu, \"late_ticks\": %llu, \"p50_us\": %.1f, \"p90_us\": %.1f, "
           "\"p99_us\": %.1f, \"p999_us\": %.1f}\n",
           (unsigned long long)sent, took_count, (unsigned long long)late_ticks, percentile_us(0.5),
           percentile_us(0.9), percentile_us(0.99), percentile_us(0.999));
    return 0;
}
