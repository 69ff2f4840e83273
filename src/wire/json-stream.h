/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects out of a byte stream, however it was cut: objects split at any byte, several in one
 * read, with or without newlines between them. The stream finds where an object ends (strings,
 * escapes and nesting kept in mind) and looks at each byte once; jansson then parses whole objects.
 */
#ifndef PV_WIRE_JSON_STREAM_H
#define PV_WIRE_JSON_STREAM_H

#include <jansson.h>
#include <polyvirt/error.h>

#define PV_JSON_STREAM_READ (64u << 10) /* bytes asked of the kernel at once */
#define PV_JSON_STREAM_KEEP (1u << 20)  /* a buffer grown beyond this is given back once it is empty */

struct pv_json_stream {
    size_t max_bytes;   /* longest object */
    unsigned max_depth; /* deepest nesting */
    char *data;
    size_t size, len;   /* room, bytes held */
    size_t begin, scan; /* where the present object begins; first byte not looked at */
    unsigned depth;
    gboolean in_string, escaped;
};

void pv_json_stream_init(struct pv_json_stream *stream, size_t max_bytes, unsigned max_depth);
void pv_json_stream_clear(struct pv_json_stream *stream);
/* Where to put the next bytes, at least PV_JSON_STREAM_READ of them; moves what was handed out. */
char *pv_json_stream_room(struct pv_json_stream *stream, size_t *ret_room);
void pv_json_stream_added(struct pv_json_stream *stream, size_t bytes);
/*
 * 1 and the text of the next object (valid until the next call), 0 when more bytes are needed, or
 * PV_ERR_PROTOCOL when what comes is no object or beyond a limit: the stream is of no use then.
 */
int pv_json_stream_next(struct pv_json_stream *stream, const char **ret_text, size_t *ret_len, pv_error **error);
/* True while an object has begun and not ended: an end of file here cuts a message. */
gboolean pv_json_stream_is_inside(const struct pv_json_stream *stream);
/* Throws away everything up to and with the delimiter; FALSE when it has not come yet. */
gboolean pv_json_stream_skip_past(struct pv_json_stream *stream, char delimiter);

/*
 * Parses one object. jansson has no unsigned type: an integer above INT64_MAX comes as its two's
 * complement, so that (uint64_t)json_integer_value() gives it back; one beyond 64 bits as a real.
 */
int pv_json_stream_parse(const char *text, size_t len, json_t **ret_object, pv_error **error);

#endif
