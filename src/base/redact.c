/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hides secrets in wire text for traces. The text may be cut, nested or malformed: where it is
 * unclear how far a value goes, too much is hidden rather than too little.
 */
#include <polyvirt/log.h>
#include <string.h>

#define HIDDEN "***"

/* Names whose value is a secret; compared without case, with '_' for '-'. */
static const char *const secret_names[] = {
    "access_token", "authorization", "client_secret", "cookie", "id_token", "pass", "private_key",
    "proxy_authorization", "refresh_token", "saml_token", "samltoken", "secret", "session_id", "sessionid",
    "session_ticket", "sessionticket", "set_cookie", "ticket", "token", "vmware_api_session_id",
    "vmware_soap_session", "vmware_cgi_ticket",
};

/* Names that hold one of these anywhere are secret too: new_password, vncPassword, passwdValidTo … */
static const char *const secret_parts[] = { "password", "passwd", "passphrase" };

struct scan {
    const char *start; /* of the whole text */
    const char *at;    /* up to here it is copied or hidden */
    GString *out;
};

static gboolean
is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-';
}

static gboolean
is_secret_name(const char *name, size_t len)
{
    g_autofree char *folded = g_ascii_strdown(name, (gssize)len);

    g_strdelimit(folded, "-", '_');
    for (size_t i = 0; i < G_N_ELEMENTS(secret_parts); i++)
        if (strstr(folded, secret_parts[i]))
            return TRUE;
    for (size_t i = 0; i < G_N_ELEMENTS(secret_names); i++)
        if (g_str_equal(folded, secret_names[i]))
            return TRUE;
    return FALSE;
}

static void
copy_to(struct scan *scan, const char *end)
{
    g_string_append_len(scan->out, scan->at, end - scan->at);
    scan->at = end;
}

static void
hide_to(struct scan *scan, const char *end)
{
    if (end > scan->at)
        g_string_append(scan->out, HIDDEN);
    scan->at = end;
}

static const char *
skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/*
 * The end of a string in quotes that begins at open, where the opening quote had so many backslashes
 * before it: JSON inside a JSON string writes \" for its quotes and \\\" for a quote in its strings.
 */
static const char *
quoted_end(const char *open, size_t backslashes)
{
    size_t run = 0, period = 2 * (backslashes + 1);

    for (const char *at = open + 1; *at; at++) {
        if (*at == *open && run % period == backslashes)
            return at - backslashes;
        run = *at == '\\' ? run + 1 : 0;
    }
    return open + strlen(open);
}

/* A value in quotes: the quotes stay. */
static void
hide_quoted(struct scan *scan, const char *at)
{
    size_t backslashes = strspn(at, "\\");
    const char *open = at + backslashes;

    copy_to(scan, open + 1);
    hide_to(scan, quoted_end(open, backslashes));
}

/* A value in brackets, strings in it taken as one. */
static const char *
bracket_end(const char *at)
{
    unsigned depth = 0;

    for (; *at; at++) {
        if (*at == '"') {
            size_t backslashes = 0;

            at = quoted_end(at, backslashes);
            if (!*at)
                return at;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if ((*at == '}' || *at == ']') && --depth == 0) {
            return at + 1;
        }
    }
    return at;
}

static gboolean
starts_quoted(const char *at)
{
    at += strspn(at, "\\");
    return *at == '"' || *at == '\'';
}

/* Behind "name": of JSON. */
static void
hide_json_value(struct scan *scan, const char *at)
{
    at = skip_blanks(at);
    if (starts_quoted(at)) {
        hide_quoted(scan, at);
    } else {
        copy_to(scan, at);
        scan->at = *at == '{' || *at == '[' ? bracket_end(at) : at + strcspn(at, ",}] \t\r\n");
        g_string_append(scan->out, "\"" HIDDEN "\""); /* still JSON */
    }
}

/* Behind "Name:" of a header: the rest of the line. "Basic" and the like say nothing secret. */
static void
hide_line(struct scan *scan, const char *at)
{
    static const char *const schemes[] = { "Basic ", "Bearer ", "Digest ", "Negotiate ", "SIGN " };

    at += strspn(at, " \t");
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (!g_ascii_strncasecmp(at, schemes[i], strlen(schemes[i]))) {
            at += strlen(schemes[i]);
            break;
        }
    copy_to(scan, at);
    hide_to(scan, at + strcspn(at, "\r\n"));
}

/* Behind name= of an attribute, a query or an option. */
static void
hide_assigned(struct scan *scan, const char *at)
{
    at += strspn(at, " \t");
    if (starts_quoted(at)) {
        hide_quoted(scan, at);
        return;
    }
    copy_to(scan, at);
    hide_to(scan, at + strcspn(at, " \t\r\n&;,\"'<>"));
}

/* Inside <name …>: everything up to </name>, whatever the prefix of its namespace. */
static void
hide_element(struct scan *scan, const char *name, size_t len)
{
    const char *open_end = strchr(name, '>'), *at;

    if (!open_end)
        open_end = name + strlen(name);
    else
        open_end++;
    copy_to(scan, open_end);
    if (open_end[-1] != '>' || open_end[-2] == '/')
        return;
    for (at = strstr(open_end, "</"); at; at = strstr(at + 2, "</")) {
        const char *closing = at + 2, *colon = closing + strcspn(closing, ":>");

        if (*colon == ':')
            closing = colon + 1;
        if (!strncmp(closing, name, len) && !is_name_char(closing[len]))
            break;
    }
    hide_to(scan, at ? at : open_end + strlen(open_end));
}

static gboolean
is_element(const struct scan *scan, const char *name)
{
    if (name > scan->start && name[-1] == ':') {
        name--;
        while (name > scan->start && is_name_char(name[-1]))
            name--;
    }
    return name > scan->start && name[-1] == '<';
}

static void
hide_named(struct scan *scan, const char *name, size_t len)
{
    const char *after = name + len, *quote = after + strspn(after, "\\");
    gboolean in_quotes = *quote == '"' || *quote == '\'';
    const char *sign = skip_blanks(in_quotes ? quote + 1 : after);

    if (is_element(scan, name))
        hide_element(scan, name, len);
    else if (*sign == ':' && in_quotes)
        hide_json_value(scan, sign + 1);
    else if (*sign == ':')
        hide_line(scan, sign + 1);
    else if (*sign == '=' && !in_quotes)
        hide_assigned(scan, sign + 1);
}

/* The password in scheme://user:password@host. */
static void
hide_userinfo(struct scan *scan, const char *authority)
{
    size_t len = strcspn(authority, "/?# \t\r\n\"'<>");
    const char *host = g_strrstr_len(authority, (gssize)len, "@");
    const char *colon = host ? memchr(authority, ':', (size_t)(host - authority)) : NULL;

    if (!colon)
        return;
    copy_to(scan, colon + 1);
    hide_to(scan, host);
}

char *
pv_redact(const char *text)
{
    struct scan scan = { .start = text, .at = text, .out = g_string_new(NULL) };

    for (const char *at = text; *at; at = MAX(at, scan.at)) {
        if (is_name_char(*at)) {
            const char *name = at;

            while (is_name_char(*at))
                at++;
            if (is_secret_name(name, (size_t)(at - name)))
                hide_named(&scan, name, (size_t)(at - name));
        } else if (g_str_has_prefix(at, "://")) {
            at += strlen("://");
            hide_userinfo(&scan, at);
        } else {
            at++;
        }
    }
    copy_to(&scan, scan.at + strlen(scan.at));
    return g_string_free(scan.out, FALSE);
}
