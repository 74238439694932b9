//! Authentication before anything of the request is read.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::support::{Rig, Subjects};

/// The status that answers a request whose body never ends.
async fn status(rig: &Rig, head: &str) -> String {
    let mut socket = TcpStream::connect(rig.server.address()).await.unwrap();
    let head = format!("{head}host: a\r\ncontent-type: application/json\r\n");
    let request = format!("{head}content-length: 100\r\n\r\n{{");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = timeout(Duration::from_secs(10), socket.read_exact(&mut answer));
    read.await.expect("an answer before the body").unwrap();
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

#[tokio::test]
async fn every_route_that_takes_a_token_refuses_before_it_reads_the_body() {
    let rig = Rig::without_limits().await;
    let description = rig.description().await;
    let subjects = Subjects::nothing();
    let mut routes = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = operation["security"].as_array();
            if security.is_none_or(Vec::is_empty) {
                continue;
            }
            let method = method.to_uppercase();
            let path = subjects.fill(path, "no_permission");
            let head = format!("{method} {path} HTTP/1.1\r\n");
            assert_eq!(status(&rig, &head).await, "401", "{method} {path}");
            if path == "/chat" {
                // A handshake with a body is refused whatever its token.
                continue;
            }
            let head = format!("{head}authorization: Bearer x\r\n");
            assert_eq!(status(&rig, &head).await, "401", "{method} {path}");
            routes += 1;
        }
    }
    assert!(routes > 50, "{routes}");
}
