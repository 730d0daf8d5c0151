/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/udp.h"

#include "base/inlined.h"
#include "base/memory.h"
#include "server/calls.h"
#include "snapshot/snapshot.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define BATCH_SIZE 64

/* A multiple of 4096 apart, all buffers would start in the same few sets of the first-level cache. */
#define CACHE_SKEW 64
#define QUERY_ROOM (4096 + CACHE_SKEW)
#define REPLY_ROOM (4096 + CACHE_SKEW)

/* How long a full send buffer may hold up a worker; what does not fit then is dropped, as a network does. */
#define SEND_PATIENCE_MS 5

/*
 * What belongs to the datagram at one place stays together for ever: its buffers, its peer and its headers,
 * which are written once.  A turn touches only what the kernel changes in them, and what changes with each
 * datagram.
 */
struct udp_batch {
    struct observer *observer; /* NULL: nobody looks */
    struct mmsghdr queries[BATCH_SIZE];
    struct mmsghdr replies[BATCH_SIZE];
    struct mmsghdr gapless[BATCH_SIZE]; /* the replies of a batch in which some get none */
    struct message messages[BATCH_SIZE];
    struct iovec query_iov[BATCH_SIZE];
    struct sockaddr_storage peers[BATCH_SIZE];
    _Alignas(struct cmsghdr) uint8_t control[BATCH_SIZE][CMSG_SPACE(sizeof(struct in6_pktinfo))];
    uint8_t query_bytes[BATCH_SIZE][QUERY_ROOM];
    uint8_t reply_bytes[BATCH_SIZE][REPLY_ROOM];
};

/* Where a message's reply is and how long, as the kernel wants it told. */
static struct iovec *reply_iov(struct message *message)
{
    _Static_assert(offsetof(struct message, reply_size) - offsetof(struct message, out) ==
                       offsetof(struct iovec, iov_len),
                   "a reply and its size lie as in an iovec");
    _Static_assert(offsetof(struct iovec, iov_base) == 0, "the same");
    return (struct iovec *)(void *)&message->out;
}

static void dress_place(struct udp_batch *batch, size_t index)
{
    struct message *message = &batch->messages[index];
    *message = (struct message){ .packet = batch->query_bytes[index],
                                 .out = batch->reply_bytes[index],
                                 .out_size = REPLY_ROOM };
    batch->query_iov[index] = (struct iovec){ .iov_base = batch->query_bytes[index], .iov_len = QUERY_ROOM };
    struct msghdr header = { .msg_name = &batch->peers[index],
                             .msg_namelen = sizeof batch->peers[index],
                             .msg_control = batch->control[index],
                             .msg_controllen = sizeof batch->control[index],
                             .msg_iov = &batch->query_iov[index],
                             .msg_iovlen = 1 };
    batch->queries[index].msg_hdr = header;
    header.msg_iov = reply_iov(message);
    header.msg_controllen = 0;
    batch->replies[index].msg_hdr = header;
}

struct udp_batch *udp_batch_new(struct observer *observer)
{
    struct udp_batch *batch = xcalloc(1, sizeof *batch);
    batch->observer = observer;
    for (size_t i = 0; i < BATCH_SIZE; i++)
        dress_place(batch, i);
    return batch;
}

void udp_batch_free(struct udp_batch *batch)
{
    free(batch);
}

static uint16_t port_of(const struct sockaddr_storage *peer)
{
    /* at the same place in both families */
    _Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port), "");
    return ((const struct sockaddr_in *)peer)->sin_port;
}

/*
 * Turns what the kernel said about a packet's destination into what it shall do with the reply: leave from
 * that address, by whatever interface routing says.  Only a link-local address means nothing without its
 * interface.
 */
static void free_interface(struct msghdr *header)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at != NULL; at = CMSG_NXTHDR(header, at)) {
        if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(at);
            info->ipi_ifindex = 0;
        } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(at);
            if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
                info->ipi6_ifindex = 0;
        }
    }
}

/* Of a socket that hears more than one address: before the queries' headers are made ready again. */
static __attribute__((noinline)) void address_senders(struct udp_batch *batch, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct msghdr *reply = &batch->replies[i].msg_hdr;
        reply->msg_controllen = batch->queries[i].msg_hdr.msg_controllen;
        free_interface(reply);
    }
}

/* When the replies are out. */
static __attribute__((noinline)) void forget_senders(struct udp_batch *batch, size_t count)
{
    for (size_t i = 0; i < count; i++)
        batch->replies[i].msg_hdr.msg_controllen = 0;
}

/* True if it is no query that can be answered: forged, as no reply can be delivered to port 0; or larger than
 * any query is. */
static inline bool is_hopeless(const struct udp_batch *batch, size_t index)
{
    return port_of(&batch->peers[index]) == 0 || (batch->queries[index].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}

/* Makes messages of `count` received datagrams, and their headers ready to receive again.  What is hopeless
 * becomes an empty one, which nobody answers. */
static inline void take_messages(struct udp_batch *batch, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct message *message = &batch->messages[i];
        struct msghdr *query = &batch->queries[i].msg_hdr;
        message->size = is_hopeless(batch, i) ? 0 : batch->queries[i].msg_len;
        address_of_sockaddr(&batch->peers[i], &message->source);
        batch->replies[i].msg_hdr.msg_namelen = query->msg_namelen;
        query->msg_namelen = sizeof batch->peers[i];
        query->msg_controllen = sizeof batch->control[i];
    }
}

/* The replies that are due, of fewer than there are messages. */
static __attribute__((noinline)) struct mmsghdr *close_gaps(struct udp_batch *batch, size_t count)
{
    size_t due = 0;
    for (size_t i = 0; i < count; i++) {
        if (batch->messages[i].reply_size > 0)
            batch->gapless[due++] = batch->replies[i];
    }
    return batch->gapless;
}

static bool has_room_soon(int fd)
{
    struct pollfd poller = { .fd = fd, .events = POLLOUT };
    return poll(&poller, 1, SEND_PATIENCE_MS) > 0;
}

/* Goes on where the kernel took `sent` of them; negative: none, and why. */
static __attribute__((noinline)) void send_rest(int fd, struct mmsghdr *replies, size_t count, int sent)
{
    size_t done = 0;
    for (;;) {
        if (sent > 0)
            done += (size_t)sent;
        else if (sent == -EAGAIN && !has_room_soon(fd))
            return;
        else if (sent != -EAGAIN && sent != -EINTR)
            done++; /* this one cannot be sent (EPERM of a filter, no route, …); the others can */
        if (done >= count)
            return;
        sent = call_send(fd, replies + done, count - done);
    }
}

static inline void send_all(int fd, struct mmsghdr *replies, size_t count)
{
    int sent = call_send(fd, replies, count);
    if (sent != (int)count)
        send_rest(fd, replies, count, sent);
}

/* After the replies are out: their bytes are still here. */
static __attribute__((noinline)) void show_observer(const struct udp_batch *batch, size_t count)
{
    observer_begin(batch->observer);
    for (size_t i = 0; i < count; i++) {
        const struct message *message = &batch->messages[i];
        if (!is_hopeless(batch, i))
            observer_see(batch->observer, TRANSPORT_UDP, &message->source, ntohs(port_of(&batch->peers[i])),
                         message);
    }
}

INLINED size_t udp_receive(struct udp_batch *batch, const struct udp_socket *socket)
{
    int flags = socket->is_lone ? MSG_WAITFORONE : MSG_DONTWAIT;
    int received = call_receive(socket->source.fd, batch->queries, BATCH_SIZE, flags);
    return received > 0 ? (size_t)received : 0;
}

INLINED void udp_answer(struct udp_batch *batch, const struct udp_socket *socket, size_t count,
                        struct answerer *answerer)
{
    if (socket->is_wildcard)
        address_senders(batch, count);
    take_messages(batch, count);
    size_t due = answer_batch(answerer, snapshot_acquire(), batch->messages, count);
    snapshot_release();
    if (due > 0)
        send_all(socket->source.fd, due == count ? batch->replies : close_gaps(batch, count), due);
    if (socket->is_wildcard)
        forget_senders(batch, count);
    if (batch->observer != NULL)
        show_observer(batch, count);
}
