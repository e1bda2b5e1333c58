//! A judge of edits that is independent of the program: JSON text cut into pieces, each with its
//! place, so that "nothing outside the edit changed" can be checked byte by byte.

/// A piece of the text: a bracket, a key with its colon, or a value; with the white space before
/// it. A comma belongs to what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece<'a> {
    /// The keys and numbers that lead to it.
    place: Vec<String>,
    text: &'a str,
    /// White space and comma before it.
    lead: &'a str,
}

struct Cutter<'a> {
    text: &'a str,
    at: usize,
    place: Vec<String>,
    found: Vec<Piece<'a>>,
}

impl<'a> Cutter<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.byte().is_some_and(&wanted) {
            self.at += 1;
        }
    }

    /// Returns white space, and commas between members.
    fn lead(&mut self) -> &'a str {
        let from = self.at;
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b',');
        &self.text[from..self.at]
    }

    fn push(&mut self, lead: &'a str, from: usize) {
        let piece = Piece { place: self.place.clone(), text: &self.text[from..self.at], lead };
        self.found.push(piece);
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.byte() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return;
            }
        }
    }

    fn value(&mut self) {
        let lead = self.lead();
        let from = self.at;
        match self.byte() {
            Some(open @ (b'{' | b'[')) => {
                self.at += 1;
                self.push(lead, from);
                self.members(open == b'{');
            }
            Some(b'"') => {
                self.string();
                self.push(lead, from);
            }
            Some(_) => {
                self.skip(|b| !b.is_ascii_whitespace() && !matches!(b, b',' | b']' | b'}'));
                self.push(lead, from);
            }
            None => {}
        }
    }

    fn members(&mut self, keyed: bool) {
        for number in 0.. {
            let start = self.at;
            let lead = self.lead();
            let from = self.at;
            match self.byte() {
                None => return,
                Some(b'}' | b']') => {
                    self.at += 1;
                    self.push(lead, from);
                    return;
                }
                Some(_) if keyed => {
                    self.string();
                    let key = &self.text[from..self.at];
                    self.place.push(serde_json::from_str(key).unwrap_or_else(|_| key.to_owned()));
                    self.skip(|byte| byte.is_ascii_whitespace() || byte == b':');
                    self.push(lead, from);
                    self.value();
                }
                Some(_) => {
                    self.at = start;
                    self.place.push(number.to_string());
                    self.value();
                }
            }
            self.place.pop();
        }
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut cutter = Cutter { text, at: 0, place: Vec::new(), found: Vec::new() };
    cutter.value();
    let from = cutter.at;
    cutter.at = text.len();
    cutter.push("", from);
    cutter.found
}

/// Returns the first difference between two valid JSON texts outside of the places that may change.
///
/// What directly follows such a place (the next key, or the bracket) may have another lead, because
/// commas and the last line's white space move.
pub(crate) fn difference(
    before: &str,
    after: &str,
    may_change: &dyn Fn(&[&str]) -> bool,
) -> Option<String> {
    let kept = |text| {
        let mut behind = false;
        let mut kept = Vec::new();
        for piece in pieces(text) {
            let place: Vec<&str> = piece.place.iter().map(String::as_str).collect();
            let changes = may_change(&place);
            if !changes {
                kept.push((piece, behind));
            }
            behind = changes;
        }
        kept
    };
    let (old, new) = (kept(before), kept(after));
    let same = |((a, loose_a), (b, loose_b)): (&(Piece<'_>, bool), &(Piece<'_>, bool))| {
        a.text == b.text && a.place == b.place && (a.lead == b.lead || *loose_a || *loose_b)
    };
    let at = old.iter().zip(&new).position(|pair| !same(pair));
    let at = at.or_else(|| (old.len() != new.len()).then(|| old.len().min(new.len())))?;
    let shown = |all: &[(Piece<'_>, bool)]| {
        all.get(at).map(|(piece, _)| format!("{:?} {:?}{:?}", piece.place, piece.lead, piece.text))
    };
    Some(format!("{:?} became {:?}", shown(&old), shown(&new)))
}

#[test]
fn a_change_elsewhere_is_seen() {
    let text =
        "{\n  \"a\": 1.50,\n  \"tasks\": [{\"id\": \"A\", \"x\": [1,  2]}, {\"id\": \"B\"}]\n}\n";
    let of_b = |place: &[&str]| place.starts_with(&["tasks", "1"]) && place.get(2) == Some(&"x");
    let seen = |after: &str| difference(text, after, &of_b);
    assert_eq!(seen(text), None);
    assert_eq!(seen(&text.replace("\"B\"", "\"B\", \"x\": {\"y\": []}")), None);
    for (from, to) in [
        ("1.50", "1.5"),
        ("1,  2", "1, 2"),
        ("}\n", "}"),
        ("\"B\"", "\"C\""),
        ("\n  \"a\"", "\n\"a\""),
        ("\"A\", ", "\"A\",  "),
        ("\"B\"", "\"B\", \"y\": 1"),
        ("{\"id\": \"B\"}", ""),
    ] {
        assert!(seen(&text.replace(from, to)).is_some(), "{from} became {to}");
    }
}
