//! Services that steps need. They are started before the first step that needs them, awaited until
//! they are ready, and ended with the round of steps.

use super::super::end::{End, environment};
use super::super::job::{Ready, ServiceReady};
use super::super::running_service::RunningService;
use super::Progress;
use crate::domain::{Checked, Outcome, StepKind, StepReport, Verdict};
use crate::platform::open::{self, Links};
use crate::verify::{Health, Service};
use regex::Regex;
use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The interval at which a starting service is checked for readiness.
const LOOK: Duration = Duration::from_millis(25);
/// The timeout of a connection attempt.
const CONNECT: Duration = Duration::from_millis(500);
/// The most of its output that is searched, in bytes.
const OUTPUT: u64 = 64 << 20;

/// Why a service did not become ready.
enum Broken {
    /// The work is to blame: it exited, or was not ready in time.
    Failed(Outcome, String),
    /// The environment is to blame: it could not be started.
    Unstarted(String),
}

impl Progress<'_> {
    /// Starts the services that a step needs and that do not run yet. Returns the report of one
    /// that did not become ready, if any: the step does not run then.
    pub(super) fn need(&mut self, step: &Ready) -> Result<Option<StepReport>, End> {
        let job = self.job;
        for name in &step.rules.profile.services {
            if let Some(broken) = self.services.broken.get(name) {
                return Ok(Some(broken.clone()));
            }
            let is_it = |running: &RunningService| running.service.name == *name;
            if let Some(at) = self.services.running.iter().position(is_it) {
                if !self.services.running[at].beside.is_over() {
                    continue;
                }
                let gone = self.gone_between(at).filter(|_| !self.commands.is_cut());
                return match gone {
                    Some(report) => Ok(Some(report)),
                    None => Err(self.commands.unknown(name, Outcome::Interrupted)),
                };
            }
            let Some(service) = job.services.iter().find(|one| one.service.name == *name) else {
                return Err(environment(format!("service {name} is not configured")));
            };
            if let Some(end) = self.commands.tampered(&Outcome::Exited { code: 0 }) {
                return Err(end);
            }
            if self.commands.is_cut() {
                return Err(self.commands.unknown(name, Outcome::Interrupted));
            }
            let began = self.commands.clock().monotonic();
            let started = self.start_service(service);
            let millis =
                self.commands.clock().monotonic().saturating_duration_since(began).as_millis();
            match started {
                Ok(()) => {}
                Err(Broken::Unstarted(why)) => {
                    return Err(environment(format!("service {name}: {why}")));
                }
                Err(Broken::Failed(Outcome::Interrupted, _)) => {
                    return Err(self.commands.unknown(name, Outcome::Interrupted));
                }
                Err(Broken::Failed(outcome, why)) => {
                    let millis = u64::try_from(millis).unwrap_or(u64::MAX);
                    let report = failed(service, outcome, millis, why);
                    self.services.broken.insert(name.clone(), report.clone());
                    return Ok(Some(report));
                }
            }
        }
        Ok(None)
    }

    /// Returns the variables with the ports of the running services, for all commands that use
    /// them.
    pub(super) fn ports(&self) -> Vec<(OsString, OsString)> {
        let told = self
            .services
            .running
            .iter()
            .filter_map(|running| Some(told_port(&running.service, running.port?)));
        told.collect()
    }

    fn start_service(&mut self, ready: &ServiceReady) -> Result<(), Broken> {
        let job = self.job;
        let ServiceReady { service, command, .. } = ready;
        let port = port_of(service)?;
        let log = job.folder.file(&log_name(service));
        let mut spec = self.commands.spec(command);
        spec.stdout.clone_from(&log);
        spec.env.extend(self.ports());
        spec.env.extend(port.map(|port| told_port(service, port)));
        // The line of an earlier run must not count as that of this one.
        drop(fs::remove_file(&log));
        let beside = self.commands.beside(spec, &log_name(service)).map_err(Broken::Unstarted)?;
        let service = Arc::clone(service);
        let timeout = service.timeout;
        self.services.running.push(RunningService { service, beside, port, log: log.clone() });
        let began = self.commands.clock().monotonic();
        loop {
            if self.is_ready(ready)? {
                self.commands.note_started(command);
                return Ok(());
            }
            let over = self.services.running.last().is_none_or(|running| running.beside.is_over());
            if over {
                return Err(self.ended_early());
            }
            if self.commands.is_cut() {
                return Err(Broken::Failed(Outcome::Interrupted, String::new()));
            }
            if self.commands.clock().monotonic().saturating_duration_since(began) >= timeout {
                let seconds = timeout.as_secs();
                let last = self.last_line(&log);
                let last = last.map(|last| format!(" (last line: {last})")).unwrap_or_default();
                let why = format!("it was not ready after {seconds} s{last}");
                return Err(Broken::Failed(Outcome::TimedOut { seconds }, why));
            }
            self.commands.tell_rest();
            thread::sleep(LOOK);
        }
    }

    /// Returns why the service that was started last ended before it was ready.
    fn ended_early(&mut self) -> Broken {
        let running = self.services.running.pop();
        let Some(ended) = running.and_then(|running| self.ended_service(running)) else {
            return Broken::Unstarted("its end is not known".to_owned());
        };
        match ended.outcome {
            Outcome::FailedToStart { reason } => Broken::Unstarted(reason),
            Outcome::Lost => Broken::Unstarted(Outcome::Lost.to_string()),
            Outcome::Exited { .. }
            | Outcome::Signaled { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Silent { .. }
            | Outcome::Interrupted => {
                let why = format!("it ended before it was ready: {}", ended.how());
                Broken::Failed(ended.outcome, why)
            }
        }
    }

    /// Returns whether the service that was started last is ready.
    fn is_ready(&mut self, ready: &ServiceReady) -> Result<bool, Broken> {
        let Some(running) = self.services.running.last() else { return Ok(false) };
        match &ready.service.ready {
            Health::Port(_) => Ok(running.port.is_some_and(listens)),
            Health::Line(line) => {
                let regex =
                    Regex::new(line).map_err(|error| Broken::Unstarted(error.to_string()))?;
                let read = open::read(&running.log, Links::Refuse, OUTPUT).unwrap_or_default();
                Ok(String::from_utf8_lossy(&read).lines().any(|line| regex.is_match(line)))
            }
            Health::Command(_) => {
                let Some(command) = &ready.health else { return Ok(false) };
                let name = format!("{}.ready", log_name(&ready.service));
                let mut spec = self.commands.spec(command);
                spec.stdout = self.job.folder.file(&name);
                spec.env.extend(self.ports());
                let outcome = self.commands.run_unlisted(command, &spec, name).outcome;
                if let Outcome::FailedToStart { reason } = outcome {
                    return Err(Broken::Unstarted(reason));
                }
                Ok(outcome.is_success())
            }
        }
    }
}

fn told_port(service: &Service, port: u16) -> (OsString, OsString) {
    (service.port_variable().into(), port.to_string().into())
}

fn log_name(service: &Service) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    format!("service-{}.out", service.name.chars().map(letter).collect::<String>())
}

/// Returns the port for a service. A port on which another process already listens is an error,
/// because that process would be mistaken for the service.
fn port_of(service: &Service) -> Result<Option<u16>, Broken> {
    match service.ready {
        Health::Port(0) => {
            let free =
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
            let free =
                free.map_err(|error| Broken::Unstarted(format!("no port is free: {error}")))?;
            Ok(Some(free.port()))
        }
        Health::Port(port) if listens(port) => Err(Broken::Unstarted(format!(
            "another process already listens on port {port}; stop it, or set port = 0 \
             for a free one"
        ))),
        Health::Port(port) => Ok(Some(port)),
        Health::Command(_) | Health::Line(_) => Ok(None),
    }
}

fn listens(port: u16) -> bool {
    let hosts = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    hosts
        .iter()
        .any(|host| TcpStream::connect_timeout(&SocketAddr::new(*host, port), CONNECT).is_ok())
}

/// Returns the report of a service that did not become ready.
fn failed(ready: &ServiceReady, outcome: Outcome, millis: u64, why: String) -> StepReport {
    let (verdict, why) = (Some(Verdict::Fail), Some(why));
    StepReport {
        kind: StepKind::Verify,
        name: ready.command.name.clone(),
        outcome,
        millis,
        log: log_name(&ready.service),
        checked: Checked { verdict, why, ..Checked::default() },
    }
}
