/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/notes.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>

/* events_add copies and writes through nothing. */
static char *words(const char *text)
{
    return (char *)(uintptr_t)text;
}

void note_generation(struct chronicle *chronicle, const struct build *build)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, build->generation);
    chronicle_note(chronicle, &(struct event){ .kind = EVENT_GENERATION,
                                               .subject = number,
                                               .state = words("accepted"),
                                               .author = build->author,
                                               .text = build->comment });
}

void note_locations(struct chronicle *chronicle, const char *source)
{
    bool is_there = source != NULL && source[0] != '\0';
    chronicle_note(chronicle, &(struct event){ .kind = EVENT_LOCATIONS,
                                               .state = words(is_there ? "loaded" : "none"),
                                               .text = words(source) });
}

void note_override_set(struct chronicle *chronicle, const char *key, const struct override *override)
{
    static const char *const names[] = {
        [OVERRIDE_NONE] = "weight", [OVERRIDE_UP] = "up", [OVERRIDE_DOWN] = "down", [OVERRIDE_DRAIN] = "drain"
    };
    chronicle_note(chronicle, &(struct event){ .kind = EVENT_OVERRIDE,
                                               .subject = words(key),
                                               .state = words(names[override->state]),
                                               .author = words(override->author),
                                               .text = words(override->reason) });
}

void note_override_cleared(struct chronicle *chronicle, const char *key, const char *author)
{
    chronicle_note(chronicle, &(struct event){ .kind = EVENT_OVERRIDE,
                                               .subject = words(key),
                                               .state = words("cleared"),
                                               .author = words(author) });
}

void note_override_expired(struct chronicle *chronicle, const char *key)
{
    chronicle_note(chronicle, &(struct event){
                                  .kind = EVENT_OVERRIDE, .subject = words(key), .state = words("expired") });
}

void note_suspicion(struct chronicle *chronicle, const struct doubt *doubt, enum doubt_turn turn)
{
    char why[200];
    bool begins = turn == DOUBT_BEGINS;
    doubt_explain(doubt, why, sizeof why);
    if (begins)
        log_error("this server suspects itself: %s; verdicts stay as they are until replies come back", why);
    else
        log_notice("this server trusts itself again: %s", why);
    chronicle_note(chronicle, &(struct event){ .kind = EVENT_SUSPICION,
                                               .state = words(begins ? "suspects" : "trusts"),
                                               .was = words(begins ? "trusts" : "suspects"),
                                               .text = why });
}
