/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in: jansson makes the tree, after a look that the tree will stay small. */
#include <string.h>

#include "decode.h"

/*
 * jansson nests to 2048 and takes memory as it goes; counting brackets and commas outside strings
 * first keeps a hostile document from becoming a tree at all. What is no JSON is left to jansson.
 */
static int
check_shape(const char *text, size_t len, pv_error **error)
{
    unsigned depth = 0, values = 1;
    gboolean in_string = FALSE;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '"')
            in_string = !in_string;
        else if (in_string)
            i += c == '\\';
        else if (c == '{' || c == '[')
            depth++, values++;
        else if ((c == '}' || c == ']') && depth)
            depth--;
        else if (c == ',')
            values++;
        if (depth > PV_DEPTH_MAX)
            return pv_error_set(error, PV_ERR_INVALID, "the document is nested deeper than %d", PV_DEPTH_MAX);
        if (values > PV_VALUES_MAX)
            return pv_error_set(error, PV_ERR_INVALID, "the document has more than %u values", PV_VALUES_MAX);
    }
    return 0;
}

/* jansson's words without the piece of the document that it repeats: that may be a secret. */
static int
refuse_syntax(const json_error_t *problem, pv_error **error)
{
    const char *near = strstr(problem->text, " near ");
    int len = near ? (int)(near - problem->text) : (int)strlen(problem->text);

    return pv_error_set(error, PV_ERR_INVALID, "line %d, column %d: not valid JSON: %.*s", problem->line,
                        problem->column, len, problem->text);
}

int
pv_json_read(const char *text, size_t len, const struct pv_desc *desc, void **ret_object, pv_error **error)
{
    g_autoptr(json_t) tree = NULL;
    json_error_t problem;
    int code;

    if (len > PV_DOC_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "the document is larger than %u bytes", PV_DOC_MAX);
    code = check_shape(text, len, error);
    if (code < 0)
        return code;
    tree = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (!tree)
        return refuse_syntax(&problem, error);
    return pv_decode_document(desc, tree, ret_object, error);
}
