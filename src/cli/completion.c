/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scripts that make shells complete steerctl's command lines. */
#include "cli/screen.h"

#include <string.h>

/* Appends `text` between single quotes, as all three shells read it. */
static void put_quoted(struct text *out, const char *text)
{
    text_puts(out, "'");
    for (; *text != '\0'; text++)
        text_puts(out, *text == '\'' ? "'\\''" : (char[]){ *text, '\0' });
    text_puts(out, "'");
}

/* "--expires --reason": those with these bits, with their letters. */
static void put_option_names(struct text *out, unsigned bits)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
        if (row->bit != 0 && (row->bit & bits) == 0)
            continue;
        text_printf(out, "--%s ", row->name);
        if (row->letter != 0)
            text_printf(out, "-%c ", row->letter);
    }
}

/* One branch a command: what its options and its first argument may be. */
static void put_command_cases(struct text *out)
{
    const struct command_row *row;
    for (size_t i = 0; (row = command_at(i)) != NULL; i++) {
        text_printf(out, "    %s) options=", row->name);
        struct text names = { 0 };
        put_option_names(&names, row->options);
        put_quoted(out, names.bytes);
        text_puts(out, " first=");
        put_quoted(out, row->completes != NULL ? row->completes : "");
        text_puts(out, " ;;\n");
        text_free(&names);
    }
}

/* One branch an option that takes a value. */
static void put_value_cases(struct text *out)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
        if (row->value == NULL)
            continue;
        text_printf(out, "    --%s", row->name);
        if (row->letter != 0 && row->letter != 'f')
            text_printf(out, "|-%c", row->letter);
        text_puts(out, ") value=");
        put_quoted(out, row->completes != NULL ? row->completes : "none");
        text_puts(out, " ;;\n");
    }
    text_puts(out, "    -f) [ \"$command\" = events ] || value=@files ;;\n");
}

/* What bash and zsh have in common: `before` is the word before the one to complete, `command` the first word
 * that is no option; sets `wanted` to words, or to "@" and a kind. */
static void put_choice(struct text *out)
{
    text_puts(out, "  local options='' first='' value='' wanted=''\n"
                   "  case $command in\n");
    put_command_cases(out);
    text_puts(out, "  esac\n"
                   "  case $before in\n");
    put_value_cases(out);
    text_puts(out, "  esac\n"
                   "  if [ -n \"$value\" ]; then wanted=$value\n"
                   "  elif [ -z \"$command\" ]; then wanted=@commands\n"
                   "  elif [ \"$before\" = \"$command\" ] && [ \"${word#-}\" = \"$word\" ] && [ -n "
                   "\"$first\" ]; then wanted=$first\n"
                   "  else wanted=$options\n"
                   "  fi\n"
                   "  [ -n \"$command$value\" ] || [ \"${word#-}\" = \"$word\" ] || wanted='");
    put_option_names(out, 0);
    text_puts(out, "'\n"
                   "  case $wanted in\n"
                   "    none) wanted='' ;;\n"
                   "    @files) ;;\n"
                   "    @*) wanted=$(steerctl names \"${wanted#@}\" 2>/dev/null) ;;\n"
                   "  esac\n");
}

static void put_bash(struct text *out)
{
    text_puts(out, "# bash completion of steerctl: source <(steerctl completion bash)\n"
                   "_steerctl() {\n"
                   "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' i\n"
                   "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                   "    case ${COMP_WORDS[i]} in -*) ;; *)\n"
                   "      case ${COMP_WORDS[i-1]} in --profile|--url|--token-file|--ca|--cert|--key) ;;\n"
                   "      *) command=${COMP_WORDS[i]}; break ;; esac ;;\n"
                   "    esac\n"
                   "  done\n");
    put_choice(out);
    text_puts(out, "  COMPREPLY=()\n"
                   "  if [ \"$wanted\" = @files ]; then mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
                   "  else mapfile -t COMPREPLY < <(compgen -W \"$wanted\" -- \"$word\")\n"
                   "  fi\n"
                   "}\n"
                   "complete -o filenames -o nosort -F _steerctl steerctl\n");
}

static void put_zsh(struct text *out)
{
    text_puts(out, "#compdef steerctl\n"
                   "# zsh completion of steerctl: source <(steerctl completion zsh)\n"
                   "_steerctl() {\n"
                   "  local word=${words[CURRENT]} before=${words[CURRENT-1]} command='' i\n"
                   "  for ((i = 2; i < CURRENT; i++)); do\n"
                   "    case ${words[i]} in -*) ;; *)\n"
                   "      case ${words[i-1]} in --profile|--url|--token-file|--ca|--cert|--key) ;;\n"
                   "      *) command=${words[i]}; break ;; esac ;;\n"
                   "    esac\n"
                   "  done\n");
    put_choice(out);
    text_puts(out, "  if [ \"$wanted\" = @files ]; then _files\n"
                   "  else compadd -- ${=wanted}\n"
                   "  fi\n"
                   "}\n"
                   "compdef _steerctl steerctl\n");
}

/* ---- fish has conditions instead of a function ---- */

static void put_fish_words(struct text *out, const char *completes)
{
    struct text command = { 0 };
    if (completes == NULL || strcmp(completes, "@files") == 0)
        return;
    if (completes[0] == '@')
        text_printf(&command, "(steerctl names %s 2>/dev/null)", completes + 1);
    else
        text_puts(&command, completes);
    text_puts(out, " -a ");
    put_quoted(out, command.bytes);
    text_free(&command);
}

static void put_fish_option(struct text *out, const struct option_row *row, const char *command)
{
    text_puts(out, "complete -c steerctl");
    if (command != NULL)
        text_printf(out, " -n '__fish_seen_subcommand_from %s'", command);
    text_printf(out, " -l %s", row->name);
    if (row->letter != 0)
        text_printf(out, " -s %c", row->letter);
    if (row->value != NULL) {
        bool is_file = row->completes != NULL && strcmp(row->completes, "@files") == 0;
        text_puts(out, is_file ? " -r -F" : " -x");
        put_fish_words(out, row->completes);
    }
    text_puts(out, " -d ");
    put_quoted(out, row->doc);
    text_puts(out, "\n");
}

static void put_fish_command(struct text *out, const struct command_row *row)
{
    text_printf(out, "complete -c steerctl -n __fish_use_subcommand -a %s -d ", row->name);
    put_quoted(out, row->summary);
    text_puts(out, "\n");
    if (row->completes != NULL) {
        bool is_file = strcmp(row->completes, "@files") == 0;
        text_printf(out, "complete -c steerctl -n '__fish_seen_subcommand_from %s'%s", row->name,
                    is_file ? " -F" : "");
        put_fish_words(out, row->completes);
        text_puts(out, "\n");
    }
    const struct option_row *option;
    for (size_t i = 0; (option = option_at(i)) != NULL; i++)
        if ((option->bit & row->options) != 0)
            put_fish_option(out, option, row->name);
}

static void put_fish(struct text *out)
{
    const struct command_row *row;
    const struct option_row *option;
    text_puts(out, "# fish completion of steerctl: steerctl completion fish | source\n"
                   "complete -c steerctl -f\n");
    for (size_t i = 0; (option = option_at(i)) != NULL; i++)
        if (option->bit == 0)
            put_fish_option(out, option, NULL);
    for (size_t i = 0; (row = command_at(i)) != NULL; i++)
        put_fish_command(out, row);
}

enum cli_exit command_completion(const struct options *options)
{
    static const struct {
        const char *shell;
        void (*put)(struct text *out);
    } shells[] = { { "bash", put_bash }, { "zsh", put_zsh }, { "fish", put_fish } };
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].shell, options->arguments[0]) == 0) {
            struct text out = { 0 };
            shells[i].put(&out);
            return screen_put(&out);
        }
    }
    return command_complain(CLI_USAGE, "\"%s\" is none of bash, zsh, fish", options->arguments[0]);
}
