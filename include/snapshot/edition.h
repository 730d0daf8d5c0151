/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What one change of the immutable world made and what it replaced.  If the change is published, the replaced
 * blocks are freed after the grace period; if it is abandoned, the fresh ones are freed at once.  So nothing
 * that is reached from a snapshot is ever freed alone, and a refused change leaves no trace.  One owner, one
 * thread.
 */
typedef void edition_free_fn(void *block);

struct edition_item {
    void *block;
    edition_free_fn *free;
};

struct edition_list {
    struct edition_item *items;
    size_t count, room;
};

struct edition {
    struct edition_list fresh, replaced;
};

/** Notes a block that this edition made; `free_block` NULL means free().  Returns the block. */
void *edition_made(struct edition *edition, void *block, edition_free_fn *free_block);

/** Notes a block of an earlier edition that nothing new will reach.  NULL is a no-op. */
void edition_replaced(struct edition *edition, const void *block, edition_free_fn *free_block);

/** Frees what was made and forgets what was replaced; `edition` is then empty. */
void edition_abandon(struct edition *edition);

/** Moves all that `from` noted behind what `to` noted; `from` is then empty. */
void edition_merge(struct edition *to, struct edition *from);

/** Forgets what was made (it is reachable now) and hands the replaced blocks over; frees them when called
 * back by the grace period: see snapshot_publish. */
void edition_free_replaced(struct edition *edition);
