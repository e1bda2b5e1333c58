//! Tests reports in JSON and XML, several reports together, and what all parsers have in common.

use super::*;

fn junit(text: &str) -> Result<Vec<String>, String> {
    shown(Parser::Junit, text)
}

#[test]
fn a_junit_case_is_named_by_its_file_or_class() {
    for (case, item) in [
        ("name=\"a\"", "+ a"),
        ("classname=\"C\" name=\"a\"", "+ C::a"),
        ("file=\"t/a.rb\" name=\"a\"", "+ t/a.rb::a"),
        ("file=\"/project/t/a.rb\" classname=\"C\" name=\"a\"", "+ t/a.rb::C.a"),
        ("file=\"t/a.rb\" classname=\"a.rb\" name=\"a\"", "+ t/a.rb::a"),
        (
            "file=\"\" classname=\"C\" name=\"a &lt;b&gt; &#38; &quot;c&quot;\"",
            "+ C::a <b> & \"c\"",
        ),
        ("classname=\"Ü\" name='é'", "+ Ü::é"),
    ] {
        let text = format!("<testsuite><testcase {case}/></testsuite>");
        assert_eq!(junit(&text), Ok(vec![item.to_owned()]), "{case}");
    }
}

#[test]
fn what_is_inside_of_a_junit_case_is_its_result() {
    for (inside, state) in [
        ("", "+"),
        ("<system-out>&lt;failure/></system-out>", "+"),
        ("<system-out><![CDATA[<failure/>]]></system-out>", "+"),
        ("<failure message=\"x\">at a</failure>", "-"),
        ("<error/>", "-"),
        ("<skipped/>", "o"),
        ("<failure/><skipped/>", "-"),
        ("<skipped/><failure/>", "-"),
        ("<flakyFailure/>", "+"),
        ("<!-- <failure/> -->", "+"),
        ("<properties><property name=\"failure\"/></properties>", "+"),
    ] {
        let text = format!(
            "<?xml version=\"1.0\"?><testsuites><testsuite><testcase name=\"a\">{inside}</testcase>\
             <testcase name=\"b\"/></testsuite></testsuites>"
        );
        let expected = vec![format!("{state} a"), "+ b".to_owned()];
        assert_eq!(junit(&text), Ok(expected), "{inside}");
    }
    // Outside of a case it says nothing about one.
    let outside = "<testsuite><testcase name=\"a\"/><failure/><error/></testsuite>";
    assert_eq!(junit(outside), Ok(vec!["+ a".to_owned()]));
    let prefixed =
        "<j:testsuite xmlns:j=\"x\"><j:testcase name=\"a\"><j:failure/></j:testcase></j:testsuite>";
    assert_eq!(junit(prefixed), Ok(vec!["- a".to_owned()]));
}

#[test]
fn xml_that_is_cut_off_or_no_report_is_refused() {
    for text in [
        "",
        "<testsuite>",
        "<testsuites><testsuite></testsuite>",
        "<html><testcase name=\"a\"/></html>",
        "<testcase name=\"a\"/>",
        "text",
    ] {
        assert_eq!(junit(text), Err("it is cut off".to_owned()), "{text}");
    }
    for text in [
        "<testsuite></testsuites>",
        "<testsuite><testcase name=\"a\"",
        "<testsuite><testcase name=a/></testsuite>",
        "<testsuite><testcase name=\"&nope;\"/></testsuite>",
    ] {
        let error = junit(text).expect_err(text);
        assert!(error.starts_with("not XML: "), "{text}: {error}");
    }
    for text in ["<testsuite/>", "<testsuites/>", "<testsuites><testsuite/></testsuites>"] {
        assert_eq!(junit(text), Err("no test ran".to_owned()), "{text}");
    }
}

/// Returns a report in jest's JSON, of one file with these tests.
fn jest(total: usize, file: &str, tests: &[(&str, &str)]) -> String {
    let tests = tests.iter().map(|(title, status)| {
        format!("{{\"ancestorTitles\":[\"g\"],\"title\":\"{title}\",\"status\":\"{status}\"}}")
    });
    let tests = tests.collect::<Vec<_>>().join(",");
    let results =
        format!("{{\"name\":\"{file}\",\"status\":\"failed\",\"assertionResults\":[{tests}]}}");
    format!("{{\"numTotalTests\":{total},\"testResults\":[{results}]}}")
}

#[test]
fn json_of_jest_and_vitest_is_read_wherever_it_is_in_the_output() {
    let states = [("a", "passed"), ("b", "failed"), ("c", "pending"), ("d", "todo"), ("e", "odd")];
    let text = format!("warning {{x}}\n{}\nDone in 1s\n", jest(5, "/project/t.js", &states));
    let items =
        ["+ t.js::g > a", "- t.js::g > b", "o t.js::g > c", "o t.js::g > d", "o t.js::g > e"];
    let broken = jest(0, "t.js", &[]);
    let two = jest(1, "a.js", &states[..1]) + &jest(1, "b.js", &states[1..2]);
    let twice = jest(1, "a.js", &[("x", "passed")]) + "\n" + &jest(1, "a.js", &[("x", "failed")]);
    for parser in [Parser::Jest, Parser::Vitest] {
        let read = |text: &str| shown(parser, text);
        assert_eq!(read(&text), Ok(items.map(str::to_owned).to_vec()));
        assert_eq!(read(&broken), Ok(vec!["- t.js::(file)".to_owned()]), "a file without tests");
        let counts = "it lists 1 items, and counts 2 at its end";
        assert_eq!(read(&jest(2, "t.js", &states[..1])), Err(counts.to_owned()));
        assert_eq!(read(&text[..text.len() - 20]), Err("its JSON is cut off".to_owned()));
        assert_eq!(read("{\"num\": 1}"), Err("its JSON has no testResults".to_owned()));
        // A project of several packages prints a document for each, and none hides another.
        let both = ["+ a.js::g > a", "- b.js::g > b"].map(str::to_owned).to_vec();
        assert_eq!(read(&two), Ok(both));
        let same = ["- a.js::g > x", "+ a.js::g > x #2"].map(str::to_owned).to_vec();
        assert_eq!(read(&twice), Ok(same), "{parser:?}");
        let cut = format!("{two}{{\"numTotalTests\":1,");
        assert_eq!(read(&cut), Err("its JSON is cut off".to_owned()));
    }
}

#[test]
fn json_of_eslint_has_errors_and_warnings() {
    let message = |severity: u32, rule: &str, text: &str| {
        format!("{{\"ruleId\":{rule},\"severity\":{severity},\"message\":\"{text}\"}}")
    };
    let file = |path: &str, messages: &[String]| {
        format!("[{{\"filePath\":\"{path}\",\"messages\":[{}]}}]", messages.join(","))
    };
    let text = file(
        "/project/a.js",
        &[
            message(2, "\"no-x\"", "No x."),
            message(1, "\"no-y\"", "No y."),
            message(2, "null", "Parsing error"),
        ],
    );
    let read = |text: &str| shown(Parser::Eslint, text);
    let items = ["- a.js::: Parsing error", "- a.js::no-x: No x"].map(str::to_owned).to_vec();
    assert_eq!(read(&format!("$ eslint\n{text}\n")), Ok(items.clone()));
    let other = file("b.js", &[message(2, "\"no-z\"", "No z.")]);
    let both = [items, vec!["- b.js::no-z: No z".to_owned()]].concat();
    assert_eq!(read(&format!("{text}\n{other}\n")), Ok(both));
    assert_eq!(read(&text[..text.len() - 1]), Err("its JSON is cut off".to_owned()));
    assert_eq!(read("[]"), Ok(Vec::new()));
    assert_eq!(read(&file("a.js", &[])), Ok(Vec::new()));
}

#[test]
fn reports_of_several_files_are_one_and_the_wrong_one_is_named() {
    let text = |name: &str| format!("<testsuite><testcase name=\"{name}\"/></testsuite>");
    let read = |texts: &[(Option<&str>, &str)]| {
        let texts: Vec<(Option<String>, String)> = texts
            .iter()
            .map(|(name, text)| (name.map(str::to_owned), (*text).to_owned()))
            .collect();
        let items = Parser::Junit.read_all(&texts, &[])?;
        Ok::<_, String>(items.keys().map(|id| id.name.to_string()).collect::<Vec<_>>())
    };
    let (a, b) = (text("a"), text("b"));
    let names = |names: &[&str]| Ok(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(read(&[(Some("1.xml"), &b), (Some("2.xml"), &a)]), names(&["a", "b"]));
    assert_eq!(read(&[(None, &a), (None, &a), (None, &a)]), names(&["a", "a #2", "a #3"]));
    let why = "2.xml: it is cut off".to_owned();
    assert_eq!(read(&[(Some("1.xml"), &a), (Some("2.xml"), "<testsuite>")]), Err(why));
    assert_eq!(read(&[(None, &a), (None, "")]), Err("it is cut off".to_owned()));
    assert_eq!(read(&[]), Err("no test ran".to_owned()));
    // An empty report of one package is none of another.
    assert_eq!(read(&[(None, "<testsuite/>"), (None, &a)]), names(&["a"]));
}

#[test]
fn paths_begin_at_the_root_and_colours_do_not_matter() {
    let text =
        "\u{1b}[31m/project/src/a.ts(1,7): error TS1: in /project/src and /tmp/work/b\u{1b}[0m\r\n";
    let read = |roots: &[&str]| {
        let items = Parser::Tsc.read(text, roots).expect("read");
        items.keys().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(read(&["/project", "/tmp/work"]), ["src/a.ts::TS1: in src and b"]);
    assert_eq!(read(&["/tmp/work"]), ["/project/src/a.ts::TS1: in /project/src and b"]);
    // The root of the file system is no prefix to leave out.
    assert_eq!(read(&["/", ""]), ["/project/src/a.ts::TS1: in /project/src and /tmp/work/b"]);
}

#[test]
fn only_some_exit_statuses_tell_of_failed_items_alone() {
    for (word, kind, red) in [
        ("cargo", Kind::Tests, &[1, 101][..]),
        ("nextest", Kind::Tests, &[1, 100]),
        ("pytest", Kind::Tests, &[1]),
        ("go", Kind::Tests, &[1]),
        ("jest", Kind::Tests, &[1]),
        ("vitest", Kind::Tests, &[1]),
        ("tsc", Kind::Findings, &[1, 2]),
        ("eslint", Kind::Findings, &[1]),
        ("ruff", Kind::Findings, &[1]),
        ("clippy", Kind::Findings, &[1, 101]),
        ("tap", Kind::Tests, &[1]),
    ] {
        let parser = Parser::words().find(|(other, _)| *other == word).map(|(_, parser)| parser);
        let parser = parser.expect(word);
        let codes: Vec<i32> = (-1..=255).filter(|code| parser.is_red(*code)).collect();
        assert_eq!((parser.kind(), &*codes), (kind, red), "{word}");
    }
    assert_eq!(Parser::words().count(), 11, "JUnit has its own key");
    assert!(Parser::Junit.is_red(1) && !Parser::Junit.is_red(2));
}
