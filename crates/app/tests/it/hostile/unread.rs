//! Peers that ask for much and read nothing.

use std::time::{Duration, Instant};

use super::target::{Target, get};

const BUNDLE: &str = "/docs/swagger-ui-bundle.js";

#[test]
fn unread_answers_cost_little_and_their_connections_end() {
    let target = Target::start(&[("SERVER__SEND_TIMEOUT", "5")]);
    get(target.connect(0), BUNDLE);
    let before = target.sockets();
    let request = format!("GET {BUNDLE} HTTP/1.1\r\nhost: a\r\n\r\n");
    let (mut unread, mut most) = (Vec::new(), 0);
    target.withstands(|| {
        for number in 0..400_u16 {
            let from = (number % 4) as u8;
            unread.push(target.send(from, request.as_bytes()));
            most = most.max(target.sockets());
        }
        assert!(most > before + 256, "they are open: {most}");
        target.reaches_sockets(before);
    });
}

#[test]
fn a_large_answer_leaves_at_the_speed_of_the_connection() {
    let target = Target::start(&[]);
    let fastest = (0..10).map(|_| {
        let asked = Instant::now();
        assert!(get(target.connect(0), BUNDLE).len() > 1_000_000);
        asked.elapsed()
    });
    let fastest = fastest.min().unwrap();
    assert!(fastest < Duration::from_millis(250), "{fastest:?}");
}
