/* ISA-L against zlib: streams of every kind that zlib can write, whole, cut and damaged, in pieces of
 * any size, give the same bytes and the same verdict. Input and output lie against pages that may not
 * be touched, as ISA-L is written in assembler and no sanitizer sees it.
 * More rounds than usual: MIMIC_TEST_ROUNDS, MIMIC_TEST_SEED. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "check_main.h"
#include "io_support.h"

#include <sys/mman.h>

#if MIMIC_HAVE_ZLIB

#include <zlib.h>

#define WINDOW_BYTES ((size_t)1 << 16)
#define GUARD_BYTES ((size_t)1 << 16)

static uint64_t seed;

static uint64_t number_of(const char *variable, uint64_t usual)
{
    const char *const text = getenv(variable);
    return text == NULL ? usual : strtoull(text, NULL, 10);
}

static size_t below(size_t limit)
{
    return (size_t)(test_random(&seed) % limit);
}

/* ---- inputs ---- */

static blob content_of_some_kind(void)
{
    static const size_t sizes[] = {1, 20, 400, 5000, 70000, 200000};
    const size_t size = below(sizes[below(6)]);
    const size_t kind = below(6);
    blob content = {NULL, 0, 0};
    if (kind <= 1)
        return blob_table(size, seed);
    blob_append(&content, "", 0);
    while (content.size < size) {
        unsigned char bytes[40];
        size_t count = 1 + below(sizeof bytes);
        for (size_t i = 0; i < count; i++)
            bytes[i] = (unsigned char)(kind == 2         ? below(256)
                                       : kind == 3       ? 'a' + below(3)
                                       : kind == 4       ? 'x'
                                       : below(8) == 0 ? below(256)
                                                       : 'A' + below(4));
        blob_append(&content, bytes, count);
        if (below(4) == 0 && content.size > 100) { /* something from far away */
            const size_t from = below(content.size - 90);
            memcpy(bytes, content.bytes + from, sizeof bytes);
            blob_append(&content, bytes, sizeof bytes);
        }
    }
    content.size = size;
    return content;
}

static void append_member(blob *stored, const blob *content)
{
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED};
    static const int flushes[] = {Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK};
    static unsigned char extra[300];
    z_stream stream = {0};
    gz_header header = {.os = 3};
    ck_assert_int_eq(deflateInit2(&stream, (int)below(10), Z_DEFLATED, 25 + (int)below(7),
                                  1 + (int)below(9), strategies[below(5)]),
                     Z_OK);
    if (below(3) == 0) {
        header.hcrc = (int)below(2);
        header.name = below(2) == 0 ? Z_NULL : (Bytef *)"a name.csv";
        header.comment = below(2) == 0 ? Z_NULL : (Bytef *)"";
        header.extra = below(2) == 0 ? Z_NULL : extra;
        header.extra_len = (uInt)below(sizeof extra);
        ck_assert_int_eq(deflateSetHeader(&stream, &header), Z_OK);
    }
    stream.next_in = content->bytes;
    size_t left = content->size;
    int result = Z_OK;
    while (result != Z_STREAM_END) {
        unsigned char piece[5000];
        const size_t part = below(3) != 0 ? left : below(left + 1);
        const int flush = part == left ? Z_FINISH : flushes[below(5)];
        stream.avail_in = (uInt)part;
        left -= part;
        do {
            stream.next_out = piece;
            stream.avail_out = sizeof piece;
            result = deflate(&stream, flush);
            ck_assert_int_ne(result, Z_STREAM_ERROR);
            blob_append(stored, piece, sizeof piece - stream.avail_out);
        } while (stream.avail_out == 0);
    }
    deflateEnd(&stream);
}

/* Returns whether anything but padding was done to it. */
static bool damage(blob *stored)
{
    const size_t kind = below(8);
    const size_t flips = kind == 0 ? 0 : kind <= 4 ? 1 : below(4);
    for (size_t i = 0; i < flips; i++) {
        /* The beginning is where headers and codes stand. */
        const size_t place = below(2) == 0 ? below(stored->size)
                                           : below(stored->size < 200 ? stored->size : 200);
        stored->bytes[place] ^= (unsigned char)(below(2) == 0 ? 1u << below(8) : 1 + below(255));
    }
    if (kind >= 5 && below(2) == 0)
        stored->size = below(stored->size + 1);
    if (kind == 0 && below(2) == 0)
        for (size_t zeros = below(100); zeros > 0; zeros--)
            blob_append(stored, "", 1);
    if (kind == 7 && below(2) == 0)
        blob_append(stored, "\x1f\x8b\x08 and more", 1 + below(11));
    return kind != 0;
}

/* Is it refused for a set of codes? Those are what the two judge in different places. */
static bool has_bad_codes(const blob *stored)
{
    z_stream stream = {0};
    unsigned char piece[5000];
    int result = Z_OK;
    ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = stored->bytes;
    stream.avail_in = (uInt)stored->size;
    while (result == Z_OK || (result == Z_STREAM_END && stream.avail_in > 0)) {
        if (result == Z_STREAM_END)
            inflateReset(&stream);
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        result = inflate(&stream, Z_NO_FLUSH);
    }
    const bool is_bad = result == Z_DATA_ERROR && stream.msg != NULL &&
                        strcmp(stream.msg + strlen(stream.msg) - 4, " set") == 0;
    inflateEnd(&stream);
    return is_bad;
}

/* ---- decoding ---- */

typedef struct window {
    unsigned char *bytes; /* between two pages that may not be touched */
} window;

static window window_make(void)
{
    unsigned char *all = mmap(NULL, WINDOW_BYTES + 2 * GUARD_BYTES, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(all, MAP_FAILED);
    ck_assert_int_eq(mprotect(all + GUARD_BYTES, WINDOW_BYTES, PROT_READ | PROT_WRITE), 0);
    return (window){all + GUARD_BYTES};
}

static void window_free(window self)
{
    munmap(self.bytes - GUARD_BYTES, WINDOW_BYTES + 2 * GUARD_BYTES);
}

/* Room for `size` bytes at one end of the window or the other. */
static unsigned char *window_at(window self, size_t size)
{
    return below(4) == 0 ? self.bytes : self.bytes + WINDOW_BYTES - size;
}

typedef struct outcome {
    blob content;
    mimic_status status; /* MIMIC_OK: cut off */
    const char *reason;
} outcome;

/* As source.c does it, in pieces of up to so many bytes. */
static outcome decode_all(const mimic_context *ctx, const blob *stored, size_t input_max,
                          size_t output_max)
{
    mimic_decoder *decoder = NULL;
    outcome found = {.status = MIMIC_OK, .reason = ""};
    window input = window_make();
    window output = window_make();
    size_t given = 0;
    bool is_last = false;
    blob_append(&found.content, "", 0);
    ck_assert_int_eq(mimic__gzip_decoder_new(ctx, &decoder, NULL), MIMIC_OK);
    mimic_codec_step step = {0};
    for (;;) {
        const size_t room = 1 + below(output_max);
        unsigned char *const start = window_at(output, room);
        if (!is_last && step.input_size == 0) {
            const size_t left = stored->size - given;
            const size_t wanted = 1 + below(input_max);
            step.input_size = wanted < left ? wanted : left;
            unsigned char *const piece = window_at(input, step.input_size);
            memcpy(piece, stored->bytes + given, step.input_size);
            step.input = piece;
            given += step.input_size;
            is_last = step.input_size == 0;
        }
        const size_t before = step.input_size;
        step.output = start;
        step.output_size = room;
        step.is_last = is_last;
        found.status = decoder->step(decoder, &step, &found.reason);
        blob_append(&found.content, start, room - step.output_size);
        if (found.status != MIMIC_OK)
            break;
        if (step.output_size == room && before > 0 && step.input_size == before)
            ck_abort_msg("no progress");
        if (step.output_size == room && is_last) {
            found.status = decoder->is_complete(decoder) ? MIMIC_END : MIMIC_OK;
            break;
        }
    }
    mimic__decoder_free(decoder);
    window_free(input);
    window_free(output);
    return found;
}

static outcome decode_somehow(const mimic_context *ctx, const blob *stored)
{
    static const size_t sizes[] = {1, 7, 9, 50, 400, 3000, 40000, WINDOW_BYTES};
    /* Not both tiny where there is much to do. */
    const size_t least = stored->size > 20000 ? 3 : 0;
    return decode_all(ctx, stored, sizes[least + below(8 - least)], sizes[least + below(8 - least)]);
}

static bool is_same(const outcome *one, const outcome *other)
{
    return one->status == other->status && one->content.size == other->content.size &&
           memcmp(one->content.bytes, other->content.bytes, one->content.size) == 0 &&
           strcmp(one->reason, other->reason) == 0;
}

static bool is_beginning(const blob *one, const blob *other)
{
    return one->size <= other->size && memcmp(one->bytes, other->bytes, one->size) == 0;
}

static void print_outcome(const char *who, const outcome *found)
{
    printf("%s: status %d, %zu bytes, %s\n", who, (int)found->status, found->content.size,
           found->reason);
}

/* Where codes are bad: the other went on, and was not satisfied. */
static bool is_later(const outcome *one, const outcome *other)
{
    return one->status <= MIMIC_OK && other->status <= MIMIC_OK &&
           is_beginning(&one->content, &other->content);
}

/* In the middle of a block's header it is open which of the two is seen first. */
static bool is_in_cut_header(const outcome *one, const outcome *other)
{
    return one->status + other->status == MIMIC_ERR_CORRUPT &&
           one->content.size == other->content.size && is_beginning(&one->content, &other->content);
}

static mimic_context *context_of(uint32_t cpu_mask)
{
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.cpu_mask = cpu_mask;
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(&options, &ctx, NULL), MIMIC_OK);
    return ctx;
}

START_TEST(inflate__both_ways_give_the_same)
{
    mimic_context *fast = context_of(MIMIC_CPU_ALL);
    mimic_context *plain = context_of(MIMIC_CPU_NONE);
    const uint64_t rounds = number_of("MIMIC_TEST_ROUNDS", 2500);
    seed = number_of("MIMIC_TEST_SEED", 1);
    size_t good = 0;
    size_t bad = 0;
    size_t cut = 0;
    size_t late = 0;
    size_t forgiven = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        const uint64_t round_seed = seed;
        blob stored = {NULL, 0, 0};
        blob content = {NULL, 0, 0};
        for (size_t members = 1 + below(3) / 2 * below(5); members > 0; members--) {
            blob part = content_of_some_kind();
            append_member(&stored, &part);
            blob_append(&content, part.bytes, part.size);
            blob_free(&part);
        }
        const bool is_damaged = damage(&stored);
        outcome by_zlib = decode_somehow(plain, &stored);
        outcome by_best = decode_somehow(fast, &stored);
        outcome again = decode_somehow(fast, &stored);
        const bool is_as_zlib = is_same(&by_zlib, &by_best);
        const bool is_excused =
            is_in_cut_header(&by_zlib, &by_best) ||
            (has_bad_codes(&stored) &&
             (is_later(&by_zlib, &by_best) || by_best.status == MIMIC_END));
        if (!is_same(&by_best, &again) || (!is_as_zlib && !is_excused) ||
            (!is_damaged && by_zlib.status != MIMIC_END) ||
            (by_best.status == MIMIC_END && !is_beginning(&by_best.content, &content))) {
            printf("round %llu, seed %llu\n", (unsigned long long)round,
                   (unsigned long long)round_seed);
            print_outcome("zlib", &by_zlib);
            print_outcome("best", &by_best);
            print_outcome("again", &again);
            for (size_t i = 0; i < stored.size && i < 1000; i++)
                printf("%02x", stored.bytes[i]);
            fflush(stdout);
            ck_abort_msg("they differ");
        }
        good += by_zlib.status == MIMIC_END;
        bad += by_zlib.status < MIMIC_OK;
        cut += by_zlib.status == MIMIC_OK;
        late += !is_as_zlib;
        forgiven += !is_as_zlib && by_best.status == MIMIC_END;
        blob_free(&by_zlib.content);
        blob_free(&by_best.content);
        blob_free(&again.content);
        blob_free(&stored);
        blob_free(&content);
    }
    printf("# %zu whole, %zu damaged, %zu cut off; %zu found later, %zu not at all\n", good, bad, cut,
           late, forgiven);
    mimic_context_free(plain);
    mimic_context_free(fast);
}
END_TEST

MIMIC_TEST_MAIN(io_inflate, inflate__both_ways_give_the_same)

#else

int main(void)
{
    printf("1..0 # SKIP built without zlib\n");
    return 0;
}

#endif
