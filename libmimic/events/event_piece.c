/* See event_piece.h. */
#include "events/event_piece.h"

#include "base/error.h"

mimic_status mimic__event_pieces_add(mimic_event_pieces *pieces, const mimic_event_piece *piece,
                                     mimic_error *err)
{
    mimic_event_piece *items = mimic__array_grow(pieces->ctx, pieces->items, pieces->count,
                                                 &pieces->capacity, sizeof *items);
    if (items == NULL) {
        mimic_ipc_ready ready = piece->ready;
        mimic__ipc_ready_free(&ready);
        return mimic__fail_memory(err);
    }
    pieces->items = items;
    items[pieces->count++] = *piece;
    return MIMIC_OK;
}

mimic_status mimic__event_pieces_encode(mimic_event_pieces *pieces, mimic_event_columns *columns,
                                        mimic_event_slice events, mimic_event_piece like,
                                        mimic_error *err)
{
    while (events.count > 0) {
        size_t done = 0;
        const mimic_status status =
            mimic__event_columns_encode(columns, &events, &like.ready, &done, err);
        if (status != MIMIC_OK) {
            mimic__ipc_ready_free(&like.ready);
            return status;
        }
        MIMIC_TRY(mimic__event_pieces_add(pieces, &like, err));
        events.events += done;
        events.texts += done;
        events.count -= done;
    }
    return MIMIC_OK;
}

void mimic__event_pieces_clear(mimic_event_pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++)
        mimic__ipc_ready_free(&pieces->items[i].ready);
    mimic__free(pieces->ctx, pieces->items);
    *pieces = (mimic_event_pieces){.ctx = pieces->ctx};
}
