//! More log-ins than the server can hash passwords.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use abu_application::identity::ports::PasswordHasher;
use abu_domain::identity::text::NewPassword;
use abu_security::BcryptHasher;

use super::target::{EVENT_TIMEOUT, Target};

/// The queue holds four seconds of work; a busy machine may take longer for it.
const LATEST: Duration = Duration::from_secs(12);
const PASSWORD: &str = "correct horse battery staple";

fn log_in(email: &str, password: &str) -> String {
    let body = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
    format!(
        "POST /api/v1/auth/token HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn answer(socket: &mut TcpStream) -> String {
    socket.set_read_timeout(Some(EVENT_TIMEOUT)).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn floods_of_log_ins_from_four_networks_leave_a_fifth_its_turn() {
    let target = Target::start(&[("AUTH__BCRYPT_COST", "10")]);
    let password = NewPassword::parse(PASSWORD.into()).unwrap();
    let hash = BcryptHasher::new(10).hash(&password).unwrap();
    let victim = target.database().user().email("victim@example.com");
    victim.password_hash(hash).create();
    target.withstands(|| {
        let mut flood = Vec::new();
        for number in 0..200_u8 {
            let mut socket = target.connect_from_network(number % 4);
            let email = format!("flood{number}@example.com");
            socket
                .write_all(log_in(&email, "a wrong one").as_bytes())
                .unwrap();
            flood.push(socket);
        }
        let asked = Instant::now();
        let mut socket = target.connect_from_network(4);
        let request = log_in("victim@example.com", PASSWORD);
        socket.write_all(request.as_bytes()).unwrap();
        let answered = answer(&mut socket);
        assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
        assert!(asked.elapsed() < LATEST, "{:?}", asked.elapsed());
        for socket in &mut flood {
            let answered = answer(socket);
            let status = &answered[9..12];
            assert!(["401", "429", "503"].contains(&status), "{answered}");
            let is_refused = status == "503";
            assert!(
                !is_refused || answered.contains("retry-after"),
                "{answered}"
            );
        }
    });
}
