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

void mimic__event_pieces_clear(mimic_event_pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++)
        mimic__ipc_ready_free(&pieces->items[i].ready);
    mimic__free(pieces->ctx, pieces->items);
    *pieces = (mimic_event_pieces){.ctx = pieces->ctx};
}
