/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least that a UDP server can do: receives up to 64 packets at once and sends them back, as answers with
 * one record of four bytes.  What it costs per packet is the kernel's price of an answer, against which
 * servers are measured.
 *
 *     echo ADDRESS PORT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, ROOM = 4096 };

static uint8_t bytes[BATCH][ROOM + 64];
static struct sockaddr_in peers[BATCH];
static struct iovec iov[BATCH];
static struct mmsghdr headers[BATCH];

/* Puts an A record behind the packet, so that replies have the size of a real one. */
static size_t make_reply(uint8_t *packet, size_t size)
{
    static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 10, 0, 0, 1 };
    if (size < 12 || size + sizeof record > ROOM)
        return size;
    packet[2] |= 0x84; /* a response, authoritative */
    packet[7] = 1;     /* one answer, in the place of one that is not looked at */
    memcpy(packet + size, record, sizeof record);
    return size + sizeof record;
}

static int open_socket(const char *address, const char *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        perror(address);
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int fd = open_socket(argv[1], argv[2]);
    for (;;) {
        for (unsigned i = 0; i < BATCH; i++) {
            iov[i] = (struct iovec){ bytes[i], ROOM };
            headers[i].msg_hdr = (struct msghdr){
                .msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &iov[i], .msg_iovlen = 1
            };
        }
        int count = recvmmsg(fd, headers, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < count; i++)
            iov[i].iov_len = make_reply(bytes[i], headers[i].msg_len);
        for (int done = 0; done < count;) {
            int sent = sendmmsg(fd, headers + done, (unsigned)(count - done), 0);
            done += sent > 0 ? sent : 1;
        }
    }
}
