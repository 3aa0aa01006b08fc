/*
 * One event on its way from a row of a table to a shard, and the chunks that events travel in.
 *
 *     row of a batch ► emit ► chunk ► (sort by subject, where the table is not) ► stream of chunks
 *     streams of all tables ► subject by subject ► resolve, clean, sort ► record batch of a shard
 *
 * A row of a table that others are joined with (patients, admissions, stays) also makes a context
 * event: it is never written, but says when the admission began and ended. Its `kind` is
 * MIMIC_EVENT_CONTEXT + the number of the group; `time` is the start, `available` the end, `anchor`
 * the third time, `admission` or `stay` the id.
 */
#ifndef MIMIC_EVENTS_EVENT_H
#define MIMIC_EVENTS_EVENT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <mimic/events.h>

#include "base/context_internal.h"

#define MIMIC_EVENT_NONE INT64_MIN    /* no time, no id */
#define MIMIC_EVENT_NO_TEXT UINT32_MAX /* of code, unit and text_size */
#define MIMIC_EVENT_CONTEXT 0xFF00u    /* kinds from here on are context, one a group */

/* Bits of `flags` beyond the public marks (MIMIC_MARK_…, the low byte and more: see mimic/events.h). */
#define MIMIC_EVENT_HAS_VALUE 0x8000u
/* A mark that its policy keeps (MIMIC_POLICY_KEEP): counted as that mark, and written nowhere. */
#define MIMIC_EVENT_KEPT_BAD_TIME 0x4000u
#define MIMIC_EVENT_KEPT_REVERSED 0x2000u
/* Of a context event: its id is known and can be joined with, but is not filled in by time. A stay in
 * the emergency department is no ICU stay for the tables of the hospital. */
#define MIMIC_EVENT_JOINS_ONLY 0x1000u
/* The row has a time for it that cannot be read: written without a time where a join finds none. */
#define MIMIC_EVENT_UNREAD_TIME 0x0800u

#define MIMIC_EVENT_ROWS_MAX ((int64_t)1 << 40) /* a link id is table number * this + row */

typedef struct mimic_event {
    int64_t subject;
    int64_t time;      /* microseconds since 1970; NONE = static, or found by a join later */
    int64_t available; /* when it was known; NONE = not said, or by a join */
    int64_t anchor;    /* the moment by which ids are filled in and the admission is checked */
    int64_t admission; /* NONE = none */
    int64_t stay;
    int64_t row;       /* 1-based number of the record in its table, its parts counted on */
    double value;      /* with MIMIC_EVENT_HAS_VALUE */
    uint32_t code;     /* number in the codes */
    uint32_t unit;     /* number in the units */
    uint32_t text;     /* where its text begins in the bytes of the chunk */
    uint32_t text_size; /* NO_TEXT = NULL */
    uint32_t properties_size; /* of a JSON object, which stands right behind the text; 0 = NULL */
    uint16_t kind;     /* number of the definition in the map: mimic_event_map.kinds[kind] */
    uint16_t flags;
} mimic_event;

/* Texts and properties of more bytes than this are long: notes, above all. */
#define MIMIC_EVENT_LONG_TEXT 256

static inline uint32_t mimic__event_long_bytes(const mimic_event *event)
{
    const uint32_t text = event->text_size == MIMIC_EVENT_NO_TEXT ? 0 : event->text_size;
    const uint32_t bytes = text + event->properties_size;
    return bytes > MIMIC_EVENT_LONG_TEXT ? bytes : 0;
}

/* Events of one subject that stand together. */
typedef struct mimic_event_run {
    int64_t subject;
    uint32_t first;
    uint32_t count;
    uint32_t long_bytes; /* of its long texts, which a packet has to think of */
} mimic_event_run;

/* A row that gave no event for a reason that is told. */
typedef struct mimic_event_reject {
    int64_t row;
    uint16_t table;           /* of the map */
    uint16_t mark;            /* the MIMIC_MARK_… that its policy rejects */
    int64_t subject;          /* NONE = unknown */
    int64_t time;             /* at fault, or NONE */
} mimic_event_reject;

/* Events of consecutive rows of one table, in the order of the rows and, within a row, of the map.
 * Immutable once made; shared by counting. */
typedef struct mimic_event_chunk {
    const mimic_context *ctx;
    atomic_int references;
    uint16_t table;   /* of the map */
    bool ascends;     /* the subjects of the runs never turn back */
    mimic_event *events;
    size_t count;
    char *bytes;      /* texts and properties; at most 2 GiB */
    size_t bytes_size;
    mimic_event_run *runs;
    size_t run_count;
    /* Of its rows: read = with events (or context) + none + rejects. */
    int64_t rows;
    int64_t rows_none;     /* gave nothing: no time, a condition, a code that was not asked for */
    mimic_event_reject *rejects;
    size_t reject_count;
    void *memory;     /* what the arrays above lie in; freed with the chunk */
    size_t memory_size; /* bytes, for budgets */
    void *more[3];    /* further memory, freed with it too; NULL = none */
} mimic_event_chunk;

static inline mimic_event_chunk *mimic__chunk_share(mimic_event_chunk *chunk)
{
    atomic_fetch_add_explicit(&chunk->references, 1, memory_order_relaxed);
    return chunk;
}
void mimic__chunk_release(mimic_event_chunk *chunk); /* NULL is allowed */

/*
 * Chunks whose subjects ascend, from chunk to chunk too; events of one subject stay in the order of
 * their rows. *out_chunk is the caller's, NULL at the end. Errors are sticky. One thread at a time.
 */
typedef struct mimic_event_stream mimic_event_stream;
struct mimic_event_stream {
    mimic_status (*next)(mimic_event_stream *stream, mimic_event_chunk **out_chunk,
                         mimic_error *err);
    void (*free)(mimic_event_stream *stream);
};

#endif
