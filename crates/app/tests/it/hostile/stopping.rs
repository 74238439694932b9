//! Peers that would hold up a graceful shutdown.

use std::{io::Read, time::Duration};

use super::target::Target;

#[test]
fn a_stop_waits_neither_for_unfinished_requests_nor_for_peers_that_do_not_read() {
    let target = Target::start(&[]);
    let body = "POST /api/v1/auth/token HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                content-length: 9\r\nexpect: 100-continue\r\n\r\n";
    let mut unfinished = target.send(0, body.as_bytes());
    let mut begun = [0; 12];
    unfinished.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100");
    let bundle = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut unread: Vec<_> = (0..10).map(|_| target.send(0, bundle.as_bytes())).collect();
    for socket in &mut unread {
        socket.read_exact(&mut begun).unwrap();
    }
    let _silent = target.connect(0);
    let _half_a_head = target.send(0, b"GET / HTTP/1.1\r\n");
    let (log, took) = target.stop();
    assert!(took < Duration::from_secs(10), "{took:?}\n{log}");
    assert!(!log.contains("not everything was finished"), "{log}");
}
