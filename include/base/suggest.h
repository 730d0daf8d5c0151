/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* "Did you mean …": the candidate nearest to a word, by edits of one letter or swaps of two. */
struct suggestion {
    const char *word;
    const char *best; /* NULL: nothing is near enough */
    unsigned distance;
};

void suggestion_consider(struct suggestion *suggestion, const char *candidate);
