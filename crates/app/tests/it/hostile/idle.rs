//! Connections without end.

use super::target::{Target, get};

#[test]
fn one_address_holds_a_bounded_number_of_unauthenticated_connections() {
    let target = Target::start(&[]);
    let before = target.sockets();
    let mut idle = Vec::new();
    target.withstands(|| {
        for _ in 0..2_000 {
            idle.push(target.connect(0));
        }
        target.reaches_sockets(before + 256);
    });
    get(target.connect(0), "/health/live");
}

#[test]
fn with_every_descriptor_under_attack_the_server_still_answers() {
    let target = Target::with_files(1_024);
    let mut idle = Vec::new();
    target.withstands(|| {
        for number in 0..4_000_u16 {
            idle.push(target.connect((number % 100) as u8));
        }
    });
    assert!(target.sockets() > 800, "the attack filled the server");
    let user = target.database().user().create();
    let me = format!(
        "GET /api/v1/me HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\r\n",
        target.token(user.id)
    );
    let mut answer = [0; 12];
    std::io::Read::read_exact(&mut target.send(150, me.as_bytes()), &mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}
