/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/connections.h"

#include <assert.h>
#include <stddef.h>
#include <sys/mman.h>

bool connections_open(struct connections *connections, unsigned most)
{
    /* fresh pages, not calloc: only those that are touched cost memory, whatever the allocator thinks */
    void *slots = mmap(NULL, most * sizeof *connections->slots, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slots == MAP_FAILED)
        return false;
    *connections = (struct connections){ .slots = slots, .most = most };
    return true;
}

void connections_close(struct connections *connections)
{
    if (connections->slots == NULL)
        return;
    assert(connections->open == 0);
    munmap(connections->slots, connections->most * sizeof *connections->slots);
    connections->slots = NULL;
}

static void append(struct connections *connections, struct connection *connection, uint64_t now_ms)
{
    connection->active_ms = now_ms;
    connection->activity = connections->activities++;
    connection->older = connections->newest;
    connection->newer = NULL;
    *(connections->newest != NULL ? &connections->newest->newer : &connections->oldest) = connection;
    connections->newest = connection;
}

static void take_out(struct connections *connections, struct connection *connection)
{
    struct connection *older = connection->older, *newer = connection->newer;
    *(older != NULL ? &older->newer : &connections->oldest) = newer;
    *(newer != NULL ? &newer->older : &connections->newest) = older;
}

struct connection *connections_take(struct connections *connections, uint64_t now_ms)
{
    if (connections->open == connections->most)
        return NULL;
    struct connection *connection = connections->unused;
    if (connection != NULL)
        connections->unused = connection->newer;
    else
        connection = &connections->slots[connections->touched++];
    connections->open++;
    connection->source = (struct event_source){ .kind = EVENT_CONNECTION, .fd = -1 };
    connection->is_sending = connection->is_at_end = false;
    stream_reset(&connection->stream);
    append(connections, connection, now_ms);
    return connection;
}

void connections_put_back(struct connections *connections, struct connection *connection)
{
    take_out(connections, connection);
    connection->source.fd = -1;
    connection->newer = connections->unused;
    connections->unused = connection;
    connections->open--;
}

void connections_touch(struct connections *connections, struct connection *connection, uint64_t now_ms)
{
    take_out(connections, connection);
    append(connections, connection, now_ms);
}
