/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/checker.h"
#include "health/times.h"

/*
 * The times of all endpoints for whoever wants to look, by slot.  They move with every check, far too often
 * to publish them: the checker writes, others read, relaxed, and figures of one look may be of two checks.
 * Places are made by the checker's thread and stay until the board goes.
 */
struct time_board;

struct time_board *time_board_new(void);
void time_board_free(struct time_board *board);

/** The checker's thread. */
void time_board_put(struct time_board *board, uint32_t slot, const struct times *times,
                    enum latency_of counts);
void time_board_clear(struct time_board *board, uint32_t slot);

/** Any thread; see checker_times. */
bool time_board_read(const struct time_board *board, uint32_t slot, uint64_t now_us, struct check_times *out);
