/*
 * Inflating by ISA-L, two to three times as fast as zlib; the only user of igzip_lib.h. Its state is
 * ours to allocate. Two of its ways need care, so that damaged and cut-off data gives the same bytes
 * here as with zlib, whatever pieces it came in.
 *
 * Its fast loop runs while eight bytes of input are there, and when it meets damage it may count in
 * a match that was never copied. So what it knows is kept before such a step, and after a failure the
 * step is counted once more in pieces that are too small for the fast loop.
 *
 * It looks up two or three symbols at a time, and where the input ends within them it takes none,
 * though the first may be all there. What is missing is read from its table, which is no part of its
 * interface: where the version is another than those whose tables were looked at, up to two bytes
 * fewer come before the message that the file is cut off.
 */
#include "io/codec_gzip.h"

#if MIMIC_HAVE_ISAL

#include <stddef.h>
#include <string.h>

#include <isa-l.h>

#define STEP_BYTES_MAX (1u << 30) /* ISA-L counts in 32 bits */
#define FAST_LOOP_BYTES 8
#define SCRATCH_BYTES 1024
/* All but the output that is kept for matches, which lies at the end. */
#define STATE_HEAD_BYTES offsetof(struct inflate_state, tmp_out_buffer)

/* An entry of the table for literals and lengths that is found by ISAL_DECODE_LONG_BITS bits. */
#define ENTRY_IS_KNOWN                                                                             \
    (ISAL_VERSION >= ISAL_MAKE_VERSION(2, 30, 0) && ISAL_VERSION < ISAL_MAKE_VERSION(2, 33, 0))
#define ENTRY_SYMBOL_MASK ((1u << 25) - 1) /* eight bits a symbol, all that is left for the last */
#define ENTRY_IS_LONG_CODE (1u << 25)
#define ENTRY_SYMBOLS(entry) ((entry) >> 26 & 3)
#define ENTRY_BITS(entry) ((entry) >> 28)

typedef struct isal_inflater {
    mimic_inflater base;
    const mimic_context *ctx;
    struct inflate_state state;
    unsigned char before[STATE_HEAD_BYTES]; /* the last step that might have failed */
    bool has_failed;
    bool is_cut_off; /* the input ended before the stream did */
    unsigned char last[2];
    const unsigned char *owed; /* output that found no room, after a failure or at the end */
    size_t owed_size;
} isal_inflater;

static void give_owed(isal_inflater *inflater, mimic_codec_step *step)
{
    const size_t size =
        inflater->owed_size < step->output_size ? inflater->owed_size : step->output_size;
    if (size > 0)
        memcpy(step->output, inflater->owed, size);
    inflater->owed += size;
    inflater->owed_size -= size;
    step->output += size;
    step->output_size -= size;
}

static void lend(struct inflate_state *state, const mimic_codec_step *step)
{
    state->next_in = (uint8_t *)step->input;
    state->avail_in =
        step->input_size < STEP_BYTES_MAX ? (uint32_t)step->input_size : STEP_BYTES_MAX;
    state->next_out = step->output;
    state->avail_out =
        step->output_size < STEP_BYTES_MAX ? (uint32_t)step->output_size : STEP_BYTES_MAX;
}

static void take_back(const struct inflate_state *state, mimic_codec_step *step)
{
    step->input_size -= (size_t)(state->next_in - step->input);
    step->input = state->next_in;
    step->output_size -= (size_t)(state->next_out - step->output);
    step->output = state->next_out;
}

/* Output that ISA-L keeps to itself for want of room. */
static size_t pending(const struct inflate_state *state)
{
    return (size_t)(state->tmp_out_valid - state->tmp_out_processed);
}

/* Runs the failed step again and says how many bytes it should have given, were there room. What
 * comes out is of no use, as the output before the step is not kept. */
static mimic_status recount(const isal_inflater *inflater, const mimic_codec_step *step,
                            size_t *out_size)
{
    struct inflate_state *state = mimic__alloc_zeroed(inflater->ctx, 1, sizeof *state);
    if (state == NULL)
        return MIMIC_ERR_MEMORY;
    memcpy(state, inflater->before, STATE_HEAD_BYTES);
    unsigned char scratch[SCRATCH_BYTES];
    const unsigned char *input = step->input;
    size_t left = step->input_size;
    *out_size = 0;
    for (bool is_on = true; is_on;) {
        const size_t size = left < FAST_LOOP_BYTES - 1 ? left : FAST_LOOP_BYTES - 1;
        mimic_codec_step piece = {input, size, scratch, sizeof scratch, false};
        lend(state, &piece);
        is_on = isal_inflate(state) >= 0;
        take_back(state, &piece);
        *out_size += (size_t)(piece.output - scratch);
        left -= (size_t)(piece.input - input);
        input = piece.input;
        if (piece.input_size == size && piece.output == scratch) /* nothing more will come */
            break;
    }
    *out_size += pending(state);
    mimic__free(inflater->ctx, state);
    return MIMIC_OK;
}

/* `may_be_wrong`: the fast loop had its chance. */
static mimic_status after_failure(isal_inflater *inflater, mimic_codec_step *step,
                                  bool may_be_wrong)
{
    const struct inflate_state *const state = &inflater->state;
    const size_t filled = (size_t)(state->next_out - step->output);
    size_t size = filled + pending(state);
    inflater->has_failed = true;
    const size_t there = size;
    if (may_be_wrong && recount(inflater, step, &size) != MIMIC_OK)
        return MIMIC_ERR_MEMORY;
    if (size > there) /* never read what was not written, whatever the count */
        size = there;
    const size_t given = size < filled ? size : filled;
    inflater->owed = state->tmp_out_buffer + state->tmp_out_processed;
    inflater->owed_size = size - given;
    step->output += given;
    step->output_size -= given;
    return inflater->owed_size > 0 ? MIMIC_OK : MIMIC_ERR_CORRUPT;
}

static uint32_t symbol(uint32_t entry, unsigned place)
{
    const uint32_t from_here = (entry & ENTRY_SYMBOL_MASK) >> 8 * place;
    return place + 1 < ENTRY_SYMBOLS(entry) ? from_here & 0xff : from_here;
}

/* How many of the entry's first symbols the first `bits` bits tell: those that stay what they are
 * whatever comes after. */
static unsigned certain_symbols(const struct inflate_state *state, uint32_t entry, unsigned bits)
{
    const uint32_t known = (uint32_t)state->read_in & ((1u << bits) - 1);
    unsigned count = ENTRY_SYMBOLS(entry) - 1;
    for (uint32_t rest = 0; rest < 1u << (ISAL_DECODE_LONG_BITS - bits); rest++) {
        const uint32_t other = state->lit_huff_code.short_code_lookup[known | rest << bits];
        const unsigned others = (other & ENTRY_IS_LONG_CODE) != 0 ? 0 : ENTRY_SYMBOLS(other);
        unsigned same = 0;
        while (same < count && same < others && symbol(other, same) == symbol(entry, same))
            same++;
        count = same;
    }
    return count;
}

/* Where the input ends within a block: literals whose bits are all there. */
static void find_last_literals(isal_inflater *inflater)
{
    const struct inflate_state *const state = &inflater->state;
    const unsigned bits = state->read_in_length > 0 ? (unsigned)state->read_in_length : 0;
    const uint64_t known = bits < 64 ? state->read_in & (((uint64_t)1 << bits) - 1) : state->read_in;
    inflater->is_cut_off = true;
    if (!ENTRY_IS_KNOWN || state->block_state != ISAL_BLOCK_CODED)
        return;
    const uint32_t entry =
        state->lit_huff_code.short_code_lookup[known & ((1u << ISAL_DECODE_LONG_BITS) - 1)];
    if ((entry & ENTRY_IS_LONG_CODE) != 0 || ENTRY_SYMBOLS(entry) < 2 ||
        ENTRY_BITS(entry) > ISAL_DECODE_LONG_BITS)
        return;
    /* All of it was there: what lacks is the distance of the match that it ends with. */
    inflater->owed_size = ENTRY_BITS(entry) <= bits ? ENTRY_SYMBOLS(entry) - 1
                                                    : certain_symbols(state, entry, bits);
    inflater->owed = inflater->last;
    for (unsigned i = 0; i < inflater->owed_size; i++)
        inflater->last[i] = (unsigned char)symbol(entry, i);
}

/* Takes out what was read beyond the stream: whole bytes behind the bits that end its last one. */
static void take_rest(isal_inflater *inflater)
{
    struct inflate_state *const state = &inflater->state;
    uint64_t bits = state->read_in >> state->read_in_length % 8;
    for (int length = state->read_in_length; length >= 8; length -= 8, bits >>= 8)
        inflater->base.rest[inflater->base.rest_size++] = (unsigned char)bits;
    inflater->base.crc = state->crc;
    inflater->base.is_done = true;
}

static mimic_status inflate_step(mimic_inflater *base, mimic_codec_step *step)
{
    isal_inflater *inflater = (isal_inflater *)base;
    struct inflate_state *const state = &inflater->state;
    if (inflater->has_failed || inflater->is_cut_off) {
        give_owed(inflater, step);
        return inflater->has_failed && inflater->owed_size == 0 ? MIMIC_ERR_CORRUPT : MIMIC_OK;
    }
    const bool is_fast = step->input_size >= FAST_LOOP_BYTES;
    if (is_fast)
        memcpy(inflater->before, state, STATE_HEAD_BYTES);
    lend(state, step);
    if (isal_inflate(state) < 0)
        return after_failure(inflater, step, is_fast);
    take_back(state, step);
    if (state->block_state == ISAL_BLOCK_FINISH) {
        take_rest(inflater);
    } else if (step->is_last && step->input_size == 0 && step->output_size > 0) {
        find_last_literals(inflater);
        give_owed(inflater, step);
    }
    return MIMIC_OK;
}

static void inflater_reset(mimic_inflater *base)
{
    isal_inflater *inflater = (isal_inflater *)base;
    isal_inflate_reset(&inflater->state);
    inflater->state.crc_flag = ISAL_GZIP_NO_HDR; /* CRC-32; headers and trailers are not its work */
    inflater->has_failed = false;
    inflater->is_cut_off = false;
    inflater->owed_size = 0;
    base->is_done = false;
    base->rest_size = 0;
}

static void inflater_free(mimic_inflater *base)
{
    isal_inflater *inflater = (isal_inflater *)base;
    mimic__free(inflater->ctx, inflater);
}

mimic_inflater *mimic__inflater_isal_new(const mimic_context *ctx)
{
    isal_inflater *inflater = mimic__alloc_zeroed(ctx, 1, sizeof *inflater);
    if (inflater == NULL)
        return NULL;
    inflater->base.step = inflate_step;
    inflater->base.reset = inflater_reset;
    inflater->base.free = inflater_free;
    inflater->ctx = ctx;
    isal_inflate_init(&inflater->state);
    inflater_reset(&inflater->base);
    return &inflater->base;
}

#endif
