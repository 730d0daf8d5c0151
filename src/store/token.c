/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/token.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct token *tokens_add(struct tokens *tokens, const struct token *token)
{
    if (tokens->count == tokens->room) {
        tokens->room = tokens->room == 0 ? 8 : 2 * tokens->room;
        tokens->items = xrealloc(tokens->items, tokens->room, sizeof *tokens->items);
    }
    struct token *copy = &tokens->items[tokens->count++];
    *copy = *token;
    char **texts[] = { &copy->name, &copy->role, &copy->scope, &copy->author, &copy->comment };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = xstrdup(*texts[i] != NULL ? *texts[i] : "");
    return copy;
}

static void token_clear(struct token *token)
{
    free(token->name);
    free(token->role);
    free(token->scope);
    free(token->author);
    free(token->comment);
}

void tokens_remove(struct tokens *tokens, size_t index)
{
    token_clear(&tokens->items[index]);
    tokens->count--;
    memmove(&tokens->items[index], &tokens->items[index + 1],
            (tokens->count - index) * sizeof *tokens->items);
}

void tokens_free(struct tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++)
        token_clear(&tokens->items[i]);
    free(tokens->items);
    *tokens = (struct tokens){ 0 };
}
