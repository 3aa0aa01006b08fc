/* See member.h. Reads headers, and trusts them only as far as the bytes that are there. */
#include "io/member.h"

#include <stdbool.h>
#include <string.h>

#define WINDOW_MAX ((uint64_t)32 << 20) /* what the decoder allows, see codec_zstd.c */
#define BLOCK_MAX ((uint64_t)128 << 10) /* RFC 8878 3.1.1.2.4 */

static uint64_t little_endian(const unsigned char *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = size; i > 0; i--)
        number = number << 8 | bytes[i - 1];
    return number;
}

static mimic_member_kind judge(uint64_t stored_size, uint64_t content_size, size_t size,
                               mimic_member *out_member)
{
    if (stored_size > MIMIC_MEMBER_STORED_MAX || content_size > MIMIC_MEMBER_CONTENT_MAX)
        return MIMIC_MEMBER_UNKNOWN;
    if (stored_size > size)
        return MIMIC_MEMBER_CUT;
    *out_member = (mimic_member){(size_t)stored_size, (size_t)content_size};
    return MIMIC_MEMBER_WHOLE;
}

/* ---- gzip ---- */

/* The size of the member by its extra field; 0 = it does not say. */
static size_t size_by_extra_field(const unsigned char *extra, size_t size)
{
    for (size_t at = 0; at + 4 <= size;) {
        const size_t length = (size_t)little_endian(extra + at + 2, 2);
        if (extra[at] == 'B' && extra[at + 1] == 'C' && length == 2 && at + 6 <= size)
            return (size_t)little_endian(extra + at + 4, 2) + 1;
        at += 4 + length;
    }
    return 0;
}

static mimic_member_kind find_gzip(const unsigned char *bytes, size_t size,
                                   mimic_member *out_member)
{
    static const unsigned char beginning[] = {0x1f, 0x8b, 8, 4}; /* an extra field and no other */
    const size_t known = size < sizeof beginning ? size : sizeof beginning;
    if (memcmp(bytes, beginning, known) != 0)
        return MIMIC_MEMBER_UNKNOWN;
    if (size < 12 || size - 12 < little_endian(bytes + 10, 2))
        return MIMIC_MEMBER_CUT;
    const size_t extra_size = (size_t)little_endian(bytes + 10, 2);
    const size_t stored_size = size_by_extra_field(bytes + 12, extra_size);
    if (stored_size < 12 + extra_size + 8)
        return MIMIC_MEMBER_UNKNOWN;
    if (stored_size > size)
        return MIMIC_MEMBER_CUT;
    return judge(stored_size, little_endian(bytes + stored_size - 4, 4), size, out_member);
}

/* ---- Zstandard ---- */

typedef struct frame_header {
    size_t size;
    uint64_t window_size;
    uint64_t content_size; /* when it is known */
    bool has_content_size;
    bool has_checksum;
} frame_header;

/* RFC 8878 3.1.1.1 */
static mimic_member_kind read_frame_header(const unsigned char *bytes, size_t size,
                                           frame_header *out_header)
{
    static const unsigned char content_size_bytes[] = {0, 2, 4, 8};
    if (size < 5)
        return MIMIC_MEMBER_CUT;
    const unsigned flags = bytes[4];
    const bool is_single_segment = (flags & 0x20) != 0;
    if ((flags & 0x0b) != 0) /* a reserved bit, or a dictionary */
        return MIMIC_MEMBER_UNKNOWN;
    size_t content_bytes = content_size_bytes[flags >> 6];
    if (content_bytes == 0 && is_single_segment)
        content_bytes = 1;
    const size_t before = is_single_segment ? 5 : 6;
    if (size < before + content_bytes)
        return MIMIC_MEMBER_CUT;
    out_header->size = before + content_bytes;
    out_header->has_checksum = (flags & 0x04) != 0;
    out_header->has_content_size = content_bytes > 0;
    out_header->content_size =
        little_endian(bytes + before, content_bytes) + (content_bytes == 2 ? 256 : 0);
    out_header->window_size = out_header->content_size;
    if (!is_single_segment) {
        const uint64_t base = (uint64_t)1 << (10 + (bytes[5] >> 3));
        out_header->window_size = base + base / 8 * (bytes[5] & 7);
    }
    return MIMIC_MEMBER_WHOLE;
}

/* Decompressing a frame at once does not hold its blocks to the size that the window allows, as
 * decompressing it in pieces does; frames that are seen to have larger ones are left to the latter. (What
 * cannot be seen from outside: a block that gives more than it may at the cost of others, a match from
 * beyond the window. No encoder writes such frames.) */
static mimic_member_kind find_zstd_frame(const unsigned char *bytes, size_t size,
                                         mimic_member *out_member)
{
    frame_header header;
    const mimic_member_kind kind = read_frame_header(bytes, size, &header);
    if (kind != MIMIC_MEMBER_WHOLE)
        return kind;
    if (header.window_size > WINDOW_MAX)
        return MIMIC_MEMBER_UNKNOWN;
    const uint64_t block_max = header.window_size < BLOCK_MAX ? header.window_size : BLOCK_MAX;
    uint64_t room = 0; /* of the blocks */
    uint64_t at = header.size;
    for (bool is_last = false; !is_last;) { /* RFC 8878 3.1.1.2 */
        room += block_max;
        if ((header.has_content_size ? header.content_size : room) > MIMIC_MEMBER_CONTENT_MAX ||
            at > MIMIC_MEMBER_STORED_MAX)
            return MIMIC_MEMBER_UNKNOWN;
        if (at + 3 > size)
            return MIMIC_MEMBER_CUT;
        const uint64_t block = little_endian(bytes + at, 3);
        if (block >> 3 > block_max)
            return MIMIC_MEMBER_UNKNOWN;
        is_last = (block & 1) != 0;
        at += 3 + ((block >> 1 & 3) == 1 ? 1 : block >> 3); /* one byte is repeated, or as it says */
    }
    if (header.has_content_size && header.content_size > room)
        return MIMIC_MEMBER_UNKNOWN;
    const uint64_t content_size = header.has_content_size ? header.content_size : room;
    return judge(at + (header.has_checksum ? 4 : 0), content_size, size, out_member);
}

static mimic_member_kind find_zstd(const unsigned char *bytes, size_t size,
                                   mimic_member *out_member)
{
    if (size < 4)
        return MIMIC_MEMBER_CUT;
    const uint64_t magic = little_endian(bytes, 4);
    if (magic == 0xfd2fb528)
        return find_zstd_frame(bytes, size, out_member);
    if ((magic & 0xfffffff0) != 0x184d2a50) /* RFC 8878 3.1.2: a frame to skip */
        return MIMIC_MEMBER_UNKNOWN;
    if (size < 8)
        return MIMIC_MEMBER_CUT;
    return judge(8 + little_endian(bytes + 4, 4), 0, size, out_member);
}

mimic_member_kind mimic__member_find(mimic_compression compression, const unsigned char *bytes,
                                     size_t size, mimic_member *out_member)
{
    if (size == 0)
        return MIMIC_MEMBER_CUT;
    return compression == MIMIC_COMPRESSION_GZIP ? find_gzip(bytes, size, out_member)
                                                 : find_zstd(bytes, size, out_member);
}
