//! A server that records the requests that it receives.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A received request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    pub(super) fn task(&self) -> Value {
        serde_json::from_str::<Value>(&self.body).unwrap()["task"].clone()
    }
}

/// A server on its own port.
pub(super) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
    /// Kept open, so that nothing answers.
    _listener: Option<TcpListener>,
}

impl Server {
    /// Starts a server that answers with `statuses`, then with 200.
    pub(super) fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, statuses) = (Arc::clone(&seen), statuses.to_vec());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                let mut seen = kept.lock().unwrap();
                let status = statuses.get(seen.len()).copied().unwrap_or(200);
                seen.push(request);
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { port, seen, _listener: None }
    }

    /// Starts a server that never answers.
    pub(super) fn deaf() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, seen: Arc::default(), _listener: Some(listener) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?a=\"b", self.port)
    }

    pub(super) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn count(&self) -> usize {
        self.seen().len()
    }
}

fn read(stream: &mut TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    Request { headers, body: String::from_utf8(body).unwrap() }
}
