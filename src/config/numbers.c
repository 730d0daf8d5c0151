/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/numbers.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void numbers_init(struct numbers *numbers, uint32_t limit)
{
    *numbers = (struct numbers){ .limit = limit };
}

void numbers_free(struct numbers *numbers)
{
    free(numbers->free);
    free(numbers->dropped);
}

bool numbers_take(struct numbers *numbers, uint32_t *out)
{
    if (numbers->free_count > 0) {
        *out = numbers->free[--numbers->free_count];
        return true;
    }
    if (numbers->next == numbers->limit)
        return false;
    *out = numbers->next++;
    return true;
}

static void make_room(uint32_t **items, size_t wanted, size_t *room)
{
    if (wanted <= *room)
        return;
    *room = wanted * 2 < 64 ? 64 : wanted * 2;
    *items = xrealloc(*items, *room, sizeof **items);
}

void numbers_drop(struct numbers *numbers, uint32_t number)
{
    make_room(&numbers->dropped, numbers->dropped_count + 1, &numbers->dropped_room);
    numbers->dropped[numbers->dropped_count++] = number;
}

void numbers_accept(struct numbers *numbers)
{
    size_t count = numbers->dropped_count;
    if (count > 0) {
        make_room(&numbers->free, numbers->free_count + count, &numbers->free_room);
        memcpy(numbers->free + numbers->free_count, numbers->dropped, count * sizeof *numbers->dropped);
    }
    numbers->free_count += count;
    numbers->dropped_count = 0;
    numbers_keep(numbers);
    numbers->accepted = numbers->kept;
}

void numbers_keep(struct numbers *numbers)
{
    numbers->kept = (struct numbers_mark){ numbers->next, numbers->free_count, numbers->dropped_count };
}

/* Since the last accept the stack was only popped: what was taken still stands above its top. */
void numbers_reject(struct numbers *numbers)
{
    numbers->next = numbers->kept.next;
    numbers->free_count = numbers->kept.free_count;
    numbers->dropped_count = numbers->kept.dropped_count;
}

void numbers_restore(struct numbers *numbers)
{
    numbers->kept = numbers->accepted;
    numbers_reject(numbers);
}
