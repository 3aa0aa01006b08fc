/*
 * Where compressed data can be taken apart without decompressing it: gzip members that say how long
 * they are (BGZF, SAM specification 4.1), and Zstandard frames (RFC 8878), whose blocks do. What is
 * found is a hint: whoever decompresses a member must check that it ends where it should.
 */
#ifndef MIMIC_IO_MEMBER_H
#define MIMIC_IO_MEMBER_H

#include <mimic/source.h>

/* Larger members are not worth the memory of taking them whole. */
#define MIMIC_MEMBER_STORED_MAX ((size_t)768 * 1024)
#define MIMIC_MEMBER_CONTENT_MAX ((size_t)4 * 1024 * 1024)

typedef struct mimic_member {
    size_t stored_size;  /* 1 to MIMIC_MEMBER_STORED_MAX */
    size_t content_size; /* at most that; 0 to MIMIC_MEMBER_CONTENT_MAX */
} mimic_member;

typedef enum mimic_member_kind {
    MIMIC_MEMBER_WHOLE,    /* one lies at the beginning of the bytes */
    MIMIC_MEMBER_CUT,      /* it takes more bytes to tell */
    MIMIC_MEMBER_UNKNOWN   /* too large, without a size, or no member at all */
} mimic_member_kind;

/* The compression must be GZIP or ZSTD. */
mimic_member_kind mimic__member_find(mimic_compression compression, const unsigned char *bytes,
                                     size_t size, mimic_member *out_member);

#endif
