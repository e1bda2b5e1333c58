//! Landing beside other writers of the repository: agents that found it, people, garbage
//! collections, and leftovers of a kill.

use super::*;

/// A process that can write the repository can name any tree as judged, and any commit as landed:
/// it is neither landed nor trusted, by this process or by another.
#[test]
fn what_others_write_into_an_entry_is_not_believed() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let tip = bench.repository.tip().unwrap();
    let mut evil = bench.enters("E", "main", "echo evil >>a");
    evil.work.judged.clear();
    let entries = Entries::of(&bench.repository).unwrap();
    entries.write(&evil, &bench.ids).unwrap();
    let file = bench.repository.common().join("workloop/landing/E-1.json");
    let honest = std::fs::read_to_string(&file).unwrap();
    let tree = bench.repository.tree_of(&evil.work.change).unwrap();
    let kept = bench.landing().kept(&evil, &tree, &tip).unwrap();
    let judged = honest.replace("\"judged\": []", &format!("\"judged\": [\"{tree}\"]"));
    let state = |state: &str| judged.replace("\"waiting\"", state);
    let moving = |old: &Oid, new: &Oid| {
        let top = bench.scratch.top.display();
        state(&format!(
            r#"{{"moving": {{"old": "{old}", "new": "{new}", "checkouts": ["{top}"]}}}}"#
        ))
    };
    let stray = bench.change("main", "echo stray >>a");
    let landed = |commit: &Oid| state(&format!(r#"{{"landed": {{"commit": "{commit}"}}}}"#));
    for text in [
        judged.clone(),
        moving(&tip, &kept),
        moving(&tip, &stray),
        moving(&stray, &tip),
        landed(&kept),
        landed(&tip),
        state(&format!(r#"{{"covered": {{"by": "{tip}"}}}}"#)),
    ] {
        std::fs::write(&file, &text).unwrap();
        // This process knows what it wrote, and reports the difference.
        for told in [entries.read("E-1").map(drop), entries.all().map(drop)] {
            assert!(matches!(told, Err(EntryError::Strange { .. })), "{text}");
        }
        // Another process, which does not know, lands nothing of it and judges it again.
        let other = bench.scratch.repository();
        let landing = Landing::begin(&other, Some(Duration::ZERO), &mut |_, _| {}).unwrap();
        landing.recover(&bench.ids).unwrap();
        let [entry] = &mut landing.entries().all().unwrap()[..] else { panic!("{text}") };
        assert_eq!((&entry.state, &entry.work.judged), (&State::Waiting, &Vec::new()), "{text}");
        assert!(matches!(landing.land(entry, &bench.ids), Ok(Landed::Judge { .. })), "{text}");
        assert_eq!((bench.repository.tip().unwrap(), bench.status()), (tip.clone(), String::new()));
    }
    // An entry with another name is invalid; one that another loop took over belongs to that loop.
    std::fs::write(&file, honest.replace("\"w\"", "\"other\"")).unwrap();
    evil.whose.worker = "other".to_owned();
    assert_eq!(entries.all().unwrap(), [evil]);
    std::fs::rename(&file, file.with_file_name("F-1.json")).unwrap();
    let other = Entries::of(&bench.scratch.repository()).unwrap();
    assert!(matches!(other.all(), Err(EntryError::Strange { .. })));
}

/// The content of objects is checked, not only their existence.
#[test]
fn what_lost_objects_or_has_others_does_not_land() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let tip = bench.repository.tip().unwrap();
    let mut entry = bench.enters("A", "main", "echo 4 >>a; echo n >n");
    let object = |name: &str| {
        let oid = bench.sh(&format!("git rev-parse {}:{name}", entry.work.change));
        bench.repository.common().join("objects").join(&oid[..2]).join(&oid[2..])
    };
    let (file, other) = (object("n"), object("a"));
    let honest = std::fs::read(&file).unwrap();
    for content in [None, Some(std::fs::read(other).unwrap())] {
        match content {
            Some(content) => std::fs::write(&file, content).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let landed = bench.landing().land(&mut entry, &bench.ids);
        assert!(matches!(landed, Err(LandError::Incomplete { .. })), "{landed:?}");
        assert_eq!((bench.repository.tip().unwrap(), bench.status()), (tip.clone(), String::new()));
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, honest).unwrap();
    bench.lands(&mut entry);
}

/// The history is what the commits say, whatever is configured about how it is read and shown.
#[test]
fn a_stale_tree_is_refused_whatever_was_configured() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let old = bench.scratch.oid("HEAD");
    bench.lands(&mut bench.enters("A", "main", "echo 4 >>a"));
    bench.lands(&mut bench.enters("B", "main", "echo t >sub/test"));
    let mut entry =
        bench.enters("S", "main", &format!("git checkout -q {old} -- a; git rm -q sub/test"));
    let evil = bench.scratch.folder.path().join("evil");
    bench.sh(&format!(
        "signed=$(git cat-file commit HEAD | sed '/^committer/a gpgsig -----BEGIN PGP SIGNATURE-----\\n -----END PGP SIGNATURE-----' | git hash-object -t commit -w --stdin)
         git update-ref refs/heads/main $signed
         git config gpg.program 'touch {evil}'; git config log.showSignature true; git config trailer.separators =
         git config core.commentChar W; git config i18n.logOutputEncoding UTF-16; git config log.follow true
         git config color.ui always; git config diff.orderFile /nonexistent; git config diff.relative true
         git config log.diffMerges combined; git config format.pretty oneline; git config diff.renames copies
         git rev-parse HEAD >.git/shallow; mkdir -p .git/info; git rev-parse HEAD >.git/info/grafts",
        evil = evil.display()
    ));
    entry.work.base = bench.repository.tip().unwrap();
    let Landed::RevertsOthers(found) = bench.land(&mut entry) else { panic!() };
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[1].tasks, ["B"]);
    assert!(bench.repository.landed_for("A/1").unwrap().is_some());
    assert!(!evil.exists());
}

/// One of our locks is recognised by its target, and no other lock is removed.
#[test]
fn a_lock_that_a_killed_landing_left_is_taken_away() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    bench.sh("echo mine >>long; git add long; echo u >u");
    let status = bench.status();
    let text = "workloop-is-landing";
    let git_dir = bench.repository.common().to_owned();
    // Killed before git wrote its index, while it wrote, and after.
    for (number, left) in [
        "ln index workloop-index",
        "ln index workloop-index; echo half >workloop-index.lock",
        "GIT_INDEX_FILE=.git/workloop-index; export GIT_INDEX_FILE; cp index workloop-index; cd ..; touch long",
        "true",
    ]
    .into_iter()
    .enumerate()
    {
        let mut entry = bench.enters(&format!("K{number}"), "main", &format!("echo {number} >>a"));
        sh(&git_dir, &format!("ln -s {text} index.lock; {left}"));
        bench.lands(&mut entry);
        assert_eq!(bench.status(), status);
        assert_eq!(sh(&git_dir, "ls | grep -e index | tr '\\n' ' '"), "index");
    }
    // A finished index belongs to the files that git wrote with it.
    let mut entry = bench.enters("L", "main", "echo n >new");
    let new = &entry.work.change;
    bench.sh(&format!(
        "ln -s {text} .git/index.lock; cp -p .git/index .git/workloop-index
         GIT_INDEX_FILE=.git/workloop-index git read-tree -m -u HEAD {new}"
    ));
    bench.lands(&mut entry);
    assert_eq!(bench.status(), status);
    for script in
        ["echo x >.git/index.lock", "ln -s elsewhere .git/index.lock", "mkdir .git/index.lock"]
    {
        bench.sh(script);
        let mut entry = bench.enters("M", "main", "echo m >m");
        let landed = bench.land(&mut entry);
        assert!(matches!(landed, Landed::Waits(Obstacle::Locked { .. })), "{script}: {landed:?}");
        bench.sh("ls -d .git/index.lock; rm -rf .git/index.lock");
    }
}

/// A link that a person has in the place of a folder is not written through.
#[test]
fn nothing_is_written_through_a_link_of_a_person() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let mut entry = bench.enters("A", "main", "mkdir new; echo n >new/file; echo 4 >>sub/b");
    for (script, back) in [
        ("mkdir ../out; ln -s ../out new", "rm new"),
        ("mv sub ../out/sub; ln -s ../out/sub sub", "rm sub; mv ../out/sub sub"),
    ] {
        bench.sh(script);
        let landed = bench.land(&mut entry);
        assert!(matches!(landed, Landed::Waits(Obstacle::Edits { .. })), "{script}: {landed:?}");
        assert_eq!(
            bench.sh("cd ../out; find . -type f | xargs cat"),
            if back == "rm new" { "" } else { "1\n2\n3" }
        );
        bench.sh(back);
    }
    bench.lands(&mut entry);
    assert_eq!(bench.status(), "");
}

/// No ref keeps the commit of a landing that was killed; it is made again.
#[test]
fn garbage_may_be_collected_after_a_kill() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    for (is_merged, step) in [(true, Step::Intent), (false, Step::Checkout)] {
        // By the process that knows what was judged, and by one that has to judge it again.
        for is_same in [true, false] {
            let bench = Bench::new();
            let mut entry = bench.enters("A", "main", "echo 10 >>long; echo n >n");
            if is_merged {
                bench.lands(&mut bench.enters("B", "main", "echo 4 >>a"));
                let Landed::Judge { tree, .. } = bench.land(&mut entry) else { panic!() };
                entry.work.judged.push(tree);
            }
            let ended = bench.landing().land_until(&mut entry, &bench.ids, &mut |now| now == step);
            assert!(ended.is_err());
            bench.sh("git reflog expire --expire=now --all; git gc -q --prune=now 2>/dev/null");
            let repository =
                if is_same { bench.repository.clone() } else { bench.scratch.repository() };
            let bench = Bench { repository, ..bench };
            let recovered = bench.landing().recover(&bench.ids).unwrap();
            match &recovered[..] {
                [(_, Recovered::Landed { .. })] => assert!(is_same),
                [(_, Recovered::TakenBack)] => {
                    assert!(!is_same);
                    assert_eq!(bench.status(), "");
                    let mut entries = bench.landing().entries().all().unwrap();
                    bench.lands(entries.first_mut().unwrap());
                }
                _ => panic!("{recovered:?}"),
            }
            assert_eq!(bench.status(), "");
            assert_eq!(bench.sh("cat n; tail -1 long; git fsck --no-dangling 2>&1"), "n\n10");
        }
    }
}

/// Configures every program that a configuration can name, in the clone of an agent and in the
/// project: none is run on the way from the workspace to the person's files.
#[test]
fn no_program_that_is_configured_meanwhile_is_run_on_the_way() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    use super::super::super::private::*;
    use super::super::super::repo::Stamp;
    let bench = Bench::new();
    let dir = bench.scratch.folder.path().join("trees");
    let places = Places::of(&bench.repository, Some(&dir), None).unwrap();
    let tree = |kind| {
        Tree::new(&bench.repository, places.take(kind).unwrap(), TreeRules::default()).unwrap()
    };
    let (mut workspace, mut judge) = (tree(Kind::Workspace), tree(Kind::Judge));
    let base = bench.repository.tip().unwrap();
    let mut other = bench.enters("B", "main", "sed -i 1s/1/one/ long");
    let mut entry = bench.enters("A", "main", "true");
    workspace.prepare(&Wanted::commit(base.clone())).unwrap();
    let script = include_str!("../../tests/hostile.sh");
    let hostile = |top: &Path| {
        let file = bench.scratch.folder.path().join("hostile.sh");
        std::fs::write(&file, script).unwrap();
        sh(top, &format!("touch dirty; sh {} >/dev/null 2>&1", file.display()));
        for (key, name) in [("merge.x.driver", "merge"), ("core.gitProxy2", "proxy2")] {
            sh(top, &format!("cp bin/clean bin/{name}; git config {key} $PWD/bin/{name}"));
        }
        sh(
            top,
            "cp bin/clean bin/gpg2; git config log.showSignature true; git config gpg.ssh.program $PWD/bin/gpg2; rm -f ran/*",
        );
    };
    hostile(workspace.path());
    hostile(&bench.scratch.top);
    bench.sh(
        "rm .gitattributes dirty; git rm -q --cached .gitattributes dirty 2>/dev/null; rm -f ran/*",
    );
    sh(
        workspace.path(),
        "echo '* merge=x filter=x diff=d' >.gitattributes; echo 10 >>long; echo n >n",
    );
    let captured = workspace.capture(&CaptureRules {
        ours: &|path| path.starts_with("bin") || path.starts_with("ran"),
        own_attributes: true,
        anew: false,
        attempt_folder: bench.scratch.folder.path(),
        date: Stamp(0),
        message: "attempt",
    });
    let captured = captured.unwrap();
    let wanted = Wanted { base: base.clone(), files: captured.commit.clone() };
    judge.prepare(&wanted).unwrap();
    judge.put_back().unwrap();
    let name = AttemptName { task: "A".to_owned(), queue: None, number: 1 };
    assert!(bench.repository.keep_attempt(&name, (&base, &captured.commit), 3).unwrap());
    // Another change landed meanwhile, in the same file.
    bench.lands(&mut other);
    let onto = bench.repository.tip().unwrap();
    let merged = workspace.merged(&base, &onto, &captured.commit).unwrap();
    assert!(matches!(merged, super::super::super::merge::Merge::Clean(_)));
    entry.work =
        Work { base, change: captured.commit, judged: vec![captured.tree], declared: Vec::new() };
    Entries::of(&bench.repository).unwrap().enter(&bench.repository, &entry, &bench.ids).unwrap();
    bench.lands(&mut entry);
    assert_eq!(bench.sh("cat n; sed -n '1p;$p' long"), "n\none\n10");
    workspace.prepare(&Wanted::commit(bench.repository.tip().unwrap())).unwrap();
    Entries::of(&bench.repository).unwrap().leave(&bench.repository, &entry).unwrap();
    assert_eq!(bench.sh("ls ran"), "");
    assert!(!workspace.path().join("ran").exists() && !workspace.path().join("bin").exists());
}
