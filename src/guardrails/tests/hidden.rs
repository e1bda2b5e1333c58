//! Tests the rules for what is hidden: errors, skipped hooks and secrets.

use super::rows::*;

#[test]
fn tests_that_hide_their_errors() {
    let wrong = [
        "try { f() } catch (e) { }",
        "} catch {}",
        "p.catch(() => {})",
        "p.catch(e => null)",
        "p.catch((_) => undefined)",
    ];
    check(TS, "error_swallowed", &wrong, &["} catch (e) { throw e }", "p.catch(e => fail(e))"]);
    let product = ["p.catch(() => {})", "} catch (e) {}"];
    check(JS, "error_swallowed", &[], &product);
    let wrong = [
        "except:\n    pass",
        "    except Exception:\n        pass",
        "except Exception as e: pass",
        "except (ValueError, AssertionError):\n    ...",
        "except BaseException: ...",
        // What follows does not matter.
        "    except Exception: pass\n    return 1",
        "except: pass\nx = 1\ny = 2",
    ];
    let right = [
        "except ValueError:\n    pass",
        "except Exception:\n    raise",
        "except Exception:\n    passed = 1",
        "except Exceptions:\n    pass",
        "x = 1\npass",
    ];
    check(PY_TEST, "error_swallowed", &wrong, &right);
    check(PY, "error_swallowed", &[], &["except Exception:\n    pass"]);
    let wrong = ["catch_unwind(|| f())", "std::panic::catch_unwind (f)"];
    check(RS_TEST, "error_swallowed", &wrong, &["my_catch_unwind(f)", "catch_unwinds(f)"]);
    check(GO_TEST, "error_swallowed", &["\tdefer func() { recover() }()"], &["\trecovered()"]);
    let wrong = ["f || true", "f || :", "f ||true ", "set +e"];
    let right = ["f || trueish", "f || true | grep x", "set -e", "offset +e", "true || f"];
    check(SH_TEST, "error_swallowed", &wrong, &right);
}

#[test]
fn hooks_that_are_skipped_and_conflicts_that_are_left() {
    let wrong = [
        "git commit -m x --no-verify",
        "cd a && git push --no-verify origin",
        "git config core.hooksPath /dev/null",
        "HUSKY=0 npm i",
    ];
    let right = ["npm --no-verify", "git commit --no-verifying", "HUSKY=01", "legit x--no-verify"];
    for path in [SH, JS, "Makefile.in", "a.yaml"] {
        check(path, "hooks_skipped", &wrong, &right);
    }
    check("NOTES.md", "hooks_skipped", &[], &wrong);
    let wrong = ["<<<<<<< HEAD", ">>>>>>> theirs", "||||||| base", "<<<<<<<"];
    let right = ["<<<<<<", "<<<<<<<<", " <<<<<<< HEAD", "=======", ">>>>>>>x"];
    for path in [JS, "NOTES.md", "a.bin", "LICENSE"] {
        check(path, "conflict_marker", &wrong, &right);
    }
}

#[test]
fn keys_and_tokens_wherever_they_are() {
    let run = |letters: &str, count: usize| letters.repeat(count);
    let (x35, x36, d20) = (run("x", 35), run("x", 36), run("d", 20));
    let wrong = [
        "-----BEGIN PRIVATE KEY-----".to_owned(),
        "-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(),
        "-----BEGIN RSA ENCRYPTED PRIVATE KEY-----".to_owned(),
        format!("AKIA{}", run("A", 16)),
        format!("ghp_{x36}"),
        format!("ghs_{x36}y"),
        format!("github_pat_{}", run("a", 60)),
        format!("glpat-{d20}"),
        format!("xoxb-{d20}"),
        format!("sk-ant-{}", run("k", 32)),
        format!("sk-proj-{}", run("k", 32)),
        format!("sk-{}", run("k", 32)),
        format!("AIza{x35}"),
        format!("npm_{x36}"),
        format!("sk_live_{}", run("a", 24)),
        format!("rk_live_{}", run("a", 24)),
    ];
    let right = [
        "-----BEGIN PUBLIC KEY-----".to_owned(),
        "-----BEGIN CERTIFICATE-----".to_owned(),
        format!("AKIA{}", run("A", 15)),
        format!("AKIA{}", run("A", 17)),
        format!("ghp_{x35}"),
        format!("ghx_{x36}"),
        format!("github_pat_{}", run("a", 59)),
        format!("glpat-{}", run("d", 19)),
        format!("xoxz-{d20}"),
        format!("sk-{}", run("k", 31)),
        format!("task-{}", run("k", 32)),
        format!("AIza{}", run("x", 34)),
        format!("npm_{}", run("x", 37)),
        format!("sk_test_{}", run("a", 24)),
    ];
    for path in [JS, "docs/a.md", "a.pem", ".env.example", PY_TEST] {
        let both = [&wrong[..], &right[..]].map(|list| list.iter().map(String::as_str).collect());
        let [wrong, right]: [Vec<&str>; 2] = both;
        check(path, "secret", &wrong, &right);
    }
}
