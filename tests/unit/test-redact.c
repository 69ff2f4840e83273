/* SPDX-License-Identifier: Apache-2.0 */
#include <polyvirt/log.h>
#include <string.h>

struct redaction {
    const char *text, *expected;
};

static void
check(const struct redaction *cases)
{
    for (; cases->text; cases++) {
        g_autofree char *redacted = pv_redact(cases->text);

        g_assert_cmpstr(redacted, ==, cases->expected);
    }
}

static void
test_headers_keep_their_names(void)
{
    static const struct redaction cases[] = {
        { "GET /x HTTP/1.1\r\nAuthorization: Basic YWRtaW46cHc=\r\nHost: a\r\n\r\n",
          "GET /x HTTP/1.1\r\nAuthorization: Basic ***\r\nHost: a\r\n\r\n" },
        { "vmware-api-session-id: abc123\nAccept: */*\n", "vmware-api-session-id: ***\nAccept: */*\n" },
        { "SET-COOKIE: vmware_soap_session=\"ab; cd\"; Path=/; HttpOnly\r\nX: y", "SET-COOKIE: ***\r\nX: y" },
        { "cookie:a=b", "cookie:***" },
        { "Cookie:", "Cookie:" },
        { NULL, NULL },
    };

    check(cases);
}

static void
test_json_stays_json(void)
{
    static const struct redaction cases[] = {
        { "{\"user\":\"a\",\"password\":\"hunter2\",\"x\":1}",
          "{\"user\":\"a\",\"password\":\"***\",\"x\":1}" },
        { "{\"Password\" : \"a\\\"b\\\\\" , \"x\":1}", "{\"Password\" : \"***\" , \"x\":1}" },
        { "{\"password\":12345,\"x\":1}", "{\"password\":\"***\",\"x\":1}" },
        { "{\"password\":{\"a\":[\"}\",2]},\"x\":1}", "{\"password\":\"***\",\"x\":1}" },
        { "{\"new-password\":\"a\",\"vnc_passwd\":\"b\"}",
          "{\"new-password\":\"***\",\"vnc_passwd\":\"***\"}" },
        { "{\"vmware-api-session-id\":\"a\",\"ticket\":\"b\"}",
          "{\"vmware-api-session-id\":\"***\",\"ticket\":\"***\"}" },
        { "{\"password\":\"\"}", "{\"password\":\"\"}" },
        { NULL, NULL },
    };

    check(cases);
}

static void
test_json_inside_a_json_string(void)
{
    static const struct redaction cases[] = {
        { "{\"body\":\"{\\\"password\\\":\\\"a\\\\\\\"b\\\",\\\"x\\\":1}\"}",
          "{\"body\":\"{\\\"password\\\":\\\"***\\\",\\\"x\\\":1}\"}" },
        { NULL, NULL },
    };

    check(cases);
}

static void
test_xml_elements_and_attributes(void)
{
    static const struct redaction cases[] = {
        { "<Login><userName>a</userName><password>p&amp;w</password></Login>",
          "<Login><userName>a</userName><password>***</password></Login>" },
        { "<v:password xsi:type=\"xsd:string\">pw</v:password><x/>",
          "<v:password xsi:type=\"xsd:string\">***</v:password><x/>" },
        { "<password/><x>y</x>", "<password/><x>y</x>" },
        { "<graphics type='vnc' port='5900' passwd='pw'/>",
          "<graphics type='vnc' port='5900' passwd='***'/>" },
        { NULL, NULL },
    };

    check(cases);
}

static void
test_options_queries_and_uris(void)
{
    static const struct redaction cases[] = {
        { "POST /login?user=a&password=pw&x=1", "POST /login?user=a&password=***&x=1" },
        { "vsphere://admin:p:w@host:8443/x?a=b@c", "vsphere://admin:***@host:8443/x?a=b@c" },
        { "http://host:80/a:b@c", "http://host:80/a:b@c" },
        { "qemu+ssh://root@host/system", "qemu+ssh://root@host/system" },
        { NULL, NULL },
    };

    check(cases);
}

static void
test_ordinary_text_is_left_alone(void)
{
    static const struct redaction cases[] = {
        { "", "" },
        { "{\"execute\":\"query-status\",\"id\":7}", "{\"execute\":\"query-status\",\"id\":7}" },
        { "the password is wrong", "the password is wrong" },
        { "{\"compass\":\"north\",\"passenger\":\"x\"}", "{\"compass\":\"north\",\"passenger\":\"x\"}" },
        { "<a>b:c=d</a>", "<a>b:c=d</a>" },
        { NULL, NULL },
    };

    check(cases);
}

/* A trace line may end anywhere: no part of the secret shows, and nothing is read behind the end. */
static void
test_text_cut_at_any_byte_shows_no_secret(void)
{
    static const char *const texts[] = {
        "{\"password\": \"SESAME\"}",
        "{\"password\": {\"a\": [\"SESAME\"]}}",
        "<x:password a='b'>SESAME</x:password>",
        "Cookie: k=SESAME\r\n",
        "<g passwd='SESAME'/>",
        "\\\"password\\\":\\\"SESAME\\\"",
        "Authorization: Bearer SESAME\r\nX",
        "{\"token\":SESAME}",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            g_autofree char *cut = g_strndup(texts[i], len);
            g_autofree char *redacted = pv_redact(cut);

            g_assert_null(strstr(redacted, "SE"));
        }
}

static void
test_a_long_hostile_text_takes_no_quadratic_time(void)
{
    static const char *const pieces[] = {
        "<password>", "\"password\"", "password=", "://", "</", "\\", "\"password\":[\"",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *redacted = NULL;
        gint64 start = g_get_monotonic_time();

        while (text->len < (1 << 20))
            g_string_append(text, pieces[i]);
        redacted = pv_redact(text->str);
        g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/redact/headers", test_headers_keep_their_names);
    g_test_add_func("/redact/json", test_json_stays_json);
    g_test_add_func("/redact/json-in-json", test_json_inside_a_json_string);
    g_test_add_func("/redact/xml", test_xml_elements_and_attributes);
    g_test_add_func("/redact/options-queries-uris", test_options_queries_and_uris);
    g_test_add_func("/redact/ordinary-text", test_ordinary_text_is_left_alone);
    g_test_add_func("/redact/cut-anywhere", test_text_cut_at_any_byte_shows_no_secret);
    g_test_add_func("/redact/long-hostile-text", test_a_long_hostile_text_takes_no_quadratic_time);
    return g_test_run();
}
