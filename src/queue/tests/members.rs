//! Tests how a member is taken out of the text of an object.

use crate::queue::json::object::without;

#[test]
fn a_member_goes_with_its_comma_and_its_line() {
    for (text, left) in [
        ("{\"a\":1}", "{}"),
        ("{ \"a\": 1 }", "{}"),
        ("{\n  \"a\": 1\n}", "{}"),
        ("{\"a\":1,\"b\":2}", "{\"b\":2}"),
        ("{\"b\":2,\"a\":1}", "{\"b\":2}"),
        ("{\"b\":2,\"a\":1,\"c\":3}", "{\"b\":2,\"c\":3}"),
        ("{ \"b\": 2 , \"a\": 1 , \"c\": 3 }", "{ \"b\": 2 , \"c\": 3 }"),
        ("{\n  \"a\": [1, {\"a\": 2}],\n  \"b\": 2\n}", "{\n  \"b\": 2\n}"),
        ("{\n  \"b\": 2,\n  \"a\": \"},\"\n}\n", "{\n  \"b\": 2\n}\n"),
    ] {
        assert_eq!(without(text, "a").as_deref(), Some(left), "{text}");
    }
}

#[test]
fn each_member_of_a_name_goes_however_it_is_written() {
    for (text, left) in [
        ("{\"a\":1,\"a\":2}", "{}"),
        ("{\"a\":1,\"a\":2,\"b\":3}", "{\"b\":3}"),
        ("{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2}"),
        ("{\"b\":1,\"a\":2,\"a\":3,\"c\":4,\"a\":5}", "{\"b\":1,\"c\":4}"),
        ("{\"\\u0061\":1,\"b\":2}", "{\"b\":2}"),
    ] {
        assert_eq!(without(text, "a").as_deref(), Some(left), "{text}");
    }
    for text in ["{}", "{\"b\":{\"a\":1}}", "{\"A\":1}", "{\"b\":\"a\"}", "{\"aa\":1}"] {
        assert_eq!(without(text, "a"), None, "{text}");
    }
    assert_eq!(without("{\"\":1,\"b\":2}", "").as_deref(), Some("{\"b\":2}"));
}
