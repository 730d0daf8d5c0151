/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/udp.h"

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

struct udp_batch {
    struct observer *observer; /* NULL: nobody looks */
    struct mmsghdr queries[BATCH_SIZE];
    struct mmsghdr replies[BATCH_SIZE];  /* without gaps: queries that get no reply have none here */
    struct message messages[BATCH_SIZE]; /* without gaps, too */
    uint8_t received_as[BATCH_SIZE];     /* index of the query */
    struct iovec query_iov[BATCH_SIZE], reply_iov[BATCH_SIZE];
    struct sockaddr_storage peers[BATCH_SIZE];
    _Alignas(struct cmsghdr) uint8_t control[BATCH_SIZE][CMSG_SPACE(sizeof(struct in6_pktinfo))];
    uint8_t query_bytes[BATCH_SIZE][QUERY_ROOM];
    uint8_t reply_bytes[BATCH_SIZE][REPLY_ROOM];
};

/* Makes a query's header ready to receive again. */
static void reset_query(struct udp_batch *batch, size_t index)
{
    struct msghdr *header = &batch->queries[index].msg_hdr;
    header->msg_namelen = sizeof batch->peers[index];
    header->msg_controllen = sizeof batch->control[index];
}

struct udp_batch *udp_batch_new(struct observer *observer)
{
    struct udp_batch *batch = xcalloc(1, sizeof *batch);
    batch->observer = observer;
    for (size_t i = 0; i < BATCH_SIZE; i++) {
        struct msghdr *query = &batch->queries[i].msg_hdr, *reply = &batch->replies[i].msg_hdr;
        batch->query_iov[i] = (struct iovec){ .iov_base = batch->query_bytes[i], .iov_len = QUERY_ROOM };
        query->msg_name = &batch->peers[i];
        query->msg_control = batch->control[i];
        query->msg_iov = &batch->query_iov[i];
        query->msg_iovlen = 1;
        reply->msg_iov = &batch->reply_iov[i];
        reply->msg_iovlen = 1;
        reset_query(batch, i);
    }
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

static void address_reply(struct mmsghdr *reply, struct mmsghdr *query, bool is_wildcard)
{
    reply->msg_hdr.msg_name = query->msg_hdr.msg_name;
    reply->msg_hdr.msg_namelen = query->msg_hdr.msg_namelen;
    reply->msg_hdr.msg_control = NULL;
    reply->msg_hdr.msg_controllen = 0;
    if (!is_wildcard)
        return;
    free_interface(&query->msg_hdr);
    reply->msg_hdr.msg_control = query->msg_hdr.msg_control;
    reply->msg_hdr.msg_controllen = query->msg_hdr.msg_controllen;
}

/* True if it is no query that can be answered: forged, as no reply can be delivered to port 0; or larger than
 * any query is. */
static bool is_hopeless(const struct udp_batch *batch, size_t index)
{
    return port_of(&batch->peers[index]) == 0 || (batch->queries[index].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}

/* Of `count` received datagrams those that are to be answered. */
static size_t collect_messages(struct udp_batch *batch, size_t count)
{
    size_t messages = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_hopeless(batch, i))
            continue;
        struct message *message = &batch->messages[messages];
        batch->received_as[messages++] = (uint8_t)i;
        message->packet = batch->query_bytes[i];
        message->size = batch->queries[i].msg_len;
        message->out = batch->reply_bytes[i];
        message->out_size = REPLY_ROOM;
        address_of_sockaddr(&batch->peers[i], &message->source);
    }
    return messages;
}

/* Returns the replies that are due. */
static size_t collect_replies(struct udp_batch *batch, size_t message_count, bool is_wildcard)
{
    size_t replies = 0;
    for (size_t i = 0; i < message_count; i++) {
        const struct message *message = &batch->messages[i];
        if (message->reply_size == 0)
            continue;
        batch->reply_iov[replies] =
            (struct iovec){ .iov_base = message->out, .iov_len = message->reply_size };
        address_reply(&batch->replies[replies], &batch->queries[batch->received_as[i]], is_wildcard);
        replies++;
    }
    return replies;
}

static bool has_room_soon(int fd)
{
    struct pollfd poller = { .fd = fd, .events = POLLOUT };
    return poll(&poller, 1, SEND_PATIENCE_MS) > 0;
}

static void send_all(int fd, struct mmsghdr *replies, size_t count)
{
    size_t done = 0;
    while (done < count) {
        int sent = call_send(fd, replies + done, count - done);
        if (sent > 0)
            done += (size_t)sent;
        else if (errno == EAGAIN && !has_room_soon(fd))
            return;
        else if (errno != EAGAIN && errno != EINTR)
            done++; /* this one cannot be sent (EPERM of a filter, no route, …); the others can */
    }
}

/* After the replies are out: their bytes are still here. */
static void show_observer(const struct udp_batch *batch, size_t message_count)
{
    observer_begin(batch->observer);
    for (size_t i = 0; i < message_count; i++) {
        const struct message *message = &batch->messages[i];
        observer_see(batch->observer, TRANSPORT_UDP, &message->source,
                     ntohs(port_of(&batch->peers[batch->received_as[i]])), message);
    }
}

size_t udp_serve(struct udp_batch *batch, const struct udp_socket *socket, struct answerer *answerer)
{
    int received = call_receive(socket->source.fd, batch->queries, BATCH_SIZE);
    if (received <= 0)
        return 0;
    size_t count = (size_t)received;
    size_t message_count = collect_messages(batch, count);
    answer_batch(answerer, snapshot_acquire(), batch->messages, message_count);
    snapshot_release();
    send_all(socket->source.fd, batch->replies, collect_replies(batch, message_count, socket->is_wildcard));
    if (batch->observer != NULL)
        show_observer(batch, message_count);
    for (size_t i = 0; i < count; i++)
        reset_query(batch, i);
    return count;
}
