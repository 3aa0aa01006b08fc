/* What encoding makes of a set: messages (or lines of text), each for one file. */
#ifndef MIMIC_EVENTS_EVENT_PIECE_H
#define MIMIC_EVENTS_EVENT_PIECE_H

#include "events/event_columns.h"

typedef struct mimic_event_piece {
    int64_t subject;
    int64_t id;        /* of the admission or stay; else the subject's, and in shards nothing */
    bool is_static;    /* static facts, for files that begin in a later set; id says nothing */
    bool has_start;    /* it begins with the static facts: nothing needs to stand before it */
    mimic_ipc_ready ready; /* lines: its bytes alone */
    /* While it waits: */
    size_t number;         /* among the pieces of its subject */
    int64_t aside;         /* where it stands in a scratch file */
    size_t aside_size;     /* 0 = it is in memory */
} mimic_event_piece;

typedef struct mimic_event_pieces {
    const mimic_context *ctx;
    mimic_event_piece *items;
    size_t count;
    size_t capacity;
} mimic_event_pieces;

/* Takes the piece over, in any case. */
mimic_status mimic__event_pieces_add(mimic_event_pieces *pieces, const mimic_event_piece *piece,
                                     mimic_error *err);
/* Adds a piece like `like`, or several where the events are too many for one record batch. */
mimic_status mimic__event_pieces_encode(mimic_event_pieces *pieces, mimic_event_columns *columns,
                                        mimic_event_slice events, mimic_event_piece like,
                                        mimic_error *err);
/* Frees the pieces; the list is empty then. */
void mimic__event_pieces_clear(mimic_event_pieces *pieces);

#endif
