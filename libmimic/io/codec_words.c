/*
 * Zstandard frames of numbers that count up: the offsets of texts, the numbers of rows. Of such a word
 * the low bytes are new and the others those of the word before, and RFC 8878 can say just this at next
 * to no cost: a block of "so many literals, then so many bytes as they stood one word ago", each
 * sequence like the other, takes no bit a sequence when all three of its tables are of one symbol
 * (RLE_Mode) and the distance is the last one used. What is left of a word are its low bytes.
 *
 * A word whose upper bytes change stands whole at the end of its block, and a new block begins. No
 * search, no entropy coding: some ten times faster than libzstd here, and about as small.
 */
#include <string.h>

#include "io/codec.h"

#define BLOCK_WORDS ((size_t)16 * 1024 - 1) /* with the whole word at its end: 128 KiB of 8 bytes */
#define BLOCK_BYTES 20 /* at most, of a block beyond the bytes of its words */
#define BLOCK_RAW 0
#define BLOCK_COMPRESSED 2
#define MODES_RLE 0x54 /* of literal lengths, offsets and match lengths */

typedef struct words_frame {
    const unsigned char *words;
    size_t width; /* of a word, in bytes */
    size_t low;   /* how many of them are written */
    unsigned char *out;
    bool has_distance; /* the last distance is a word */
} words_frame;

static uint64_t word_at(const words_frame *frame, size_t index)
{
    uint64_t word = 0;
    if (frame->width == 8) {
        memcpy(&word, frame->words + 8 * index, 8);
    } else {
        uint32_t half;
        memcpy(&half, frame->words + 4 * index, 4);
        word = half;
    }
    return word;
}

static void put_header(words_frame *frame, unsigned type, size_t size, bool is_last)
{
    const size_t header = size << 3 | type << 1 | is_last;
    *frame->out++ = (unsigned char)header;
    *frame->out++ = (unsigned char)(header >> 8);
    *frame->out++ = (unsigned char)(header >> 16);
}

/* A word that nothing stands before. */
static void put_raw(words_frame *frame, size_t index, bool is_last)
{
    put_header(frame, BLOCK_RAW, frame->width, is_last);
    memcpy(frame->out, frame->words + index * frame->width, frame->width);
    frame->out += frame->width;
}

static void put_literals(words_frame *frame, size_t first, size_t count, bool has_whole)
{
    const size_t size = count * frame->low + (has_whole ? frame->width : 0);
    const size_t header = size << 4 | 3u << 2; /* raw, of 20 bits */
    *frame->out++ = (unsigned char)header;
    *frame->out++ = (unsigned char)(header >> 8);
    *frame->out++ = (unsigned char)(header >> 16);
    const unsigned char *word = frame->words + first * frame->width;
    for (size_t i = 0; i < count; i++, word += frame->width)
        for (size_t j = 0; j < frame->low; j++)
            *frame->out++ = word[j];
    if (has_whole) {
        memcpy(frame->out, word, frame->width);
        frame->out += frame->width;
    }
}

static void put_sequences(words_frame *frame, size_t count)
{
    if (count >= 128)
        *frame->out++ = (unsigned char)((count >> 8) + 128);
    *frame->out++ = (unsigned char)count;
    *frame->out++ = MODES_RLE;
    *frame->out++ = (unsigned char)frame->low; /* literals: the code is the number */
    /* The distance: the last one used; or, the first time, of the word's width, in as many bits as its
     * code says (3.1.1.3.2.1.1: the distance plus 3). */
    const unsigned code = frame->width == 8 ? 3 : 2;
    *frame->out++ = (unsigned char)(frame->has_distance ? 0 : code);
    *frame->out++ = (unsigned char)(frame->width - frame->low - 3); /* match: 3 is code 0 */
    *frame->out++ = (unsigned char)(frame->has_distance ? 1 : 1u << code | 3);
    frame->has_distance = true;
}

/* Words [first, first + count), of which only the low bytes are new; then, with has_whole, one whole. */
static void put_block(words_frame *frame, size_t first, size_t count, bool has_whole, bool is_last)
{
    unsigned char *const start = frame->out;
    frame->out += 3;
    put_literals(frame, first, count, has_whole);
    put_sequences(frame, count);
    unsigned char *const end = frame->out;
    frame->out = start;
    put_header(frame, BLOCK_COMPRESSED, (size_t)(end - start) - 3, is_last);
    frame->out = end;
}

/* Words from `first` on that share their upper bytes with the one before; at most `most`. */
static size_t run_from(const words_frame *frame, size_t first, size_t most)
{
    const unsigned shift = (unsigned)(8 * frame->low);
    const uint64_t upper = word_at(frame, first - 1) >> shift;
    size_t count = 0;
    while (count < most && word_at(frame, first + count) >> shift == upper)
        count++;
    return count;
}

static void put_words(words_frame *frame, size_t count)
{
    put_raw(frame, 0, count == 1);
    for (size_t i = 1; i < count;) {
        const size_t left = count - i;
        /* The first block tells the distance, in bits that its one sequence takes. */
        const size_t most = frame->has_distance ? BLOCK_WORDS : 1;
        const size_t run = run_from(frame, i, left < most ? left : most);
        if (run == 0) {
            put_raw(frame, i, left == 1);
            i++;
            continue;
        }
        const bool has_whole = run < left && run < most;
        put_block(frame, i, run, has_whole, run + has_whole == left);
        i += run + has_whole;
    }
}

/* How often each number of low bytes would not do; and how many words are as the one before. */
typedef struct words_changes {
    size_t above[5];
    size_t equal;
} words_changes;

static void count_changes(const words_frame *frame, size_t count, words_changes *changes)
{
    uint64_t before = word_at(frame, 0);
    memset(changes, 0, sizeof *changes);
    for (size_t i = 1; i < count; i++) {
        const uint64_t word = word_at(frame, i);
        const uint64_t change = word ^ before;
        changes->equal += change == 0;
        changes->above[1] += change >> 8 != 0;
        changes->above[2] += change >> 16 != 0;
        changes->above[3] += change >> 24 != 0;
        changes->above[4] += change >> 32 != 0;
        before = word;
    }
}

static bool is_little_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

size_t mimic__zstd_words_frame(const void *words, size_t width, size_t count, void *target,
                               size_t capacity)
{
    static const unsigned char header[6] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38};
    words_frame frame = {.words = words, .width = width, .out = target};
    words_changes changes;
    if (count < 2 || !is_little_endian())
        return 0;
    count_changes(&frame, count, &changes);
    if (changes.equal > count / 2) /* runs are libzstd's strength */
        return 0;
    size_t best = width * count / 4 * 3;
    const size_t most_low = width - 3 < 4 ? width - 3 : 4;
    for (size_t low = 1; low <= most_low; low++) {
        const size_t blocks = changes.above[low] + count / BLOCK_WORDS + 4;
        const size_t size = sizeof header + low * count + blocks * (BLOCK_BYTES + width);
        if (size <= capacity && size < best) {
            best = size;
            frame.low = low;
        }
    }
    if (frame.low == 0)
        return 0;
    memcpy(frame.out, header, sizeof header);
    frame.out += sizeof header;
    put_words(&frame, count);
    return (size_t)(frame.out - (unsigned char *)target);
}
