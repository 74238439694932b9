//! Baseline B: plain sockets without a WebSocket library, on one thread.
//!
//! It encodes each frame once, appends it to the outbox of every member, and flushes each outbox with one write.

use std::{collections::HashMap, io, mem, net::Ipv4Addr, str, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime::Builder,
    sync::Notify,
};

use super::{Client, announce};
use crate::{
    codec::{self, Frame, Side},
    connection::ACCEPT,
};

const READ_BUFFER: usize = 4_096;

type Room = Mutex<Vec<Arc<Outbox>>>;

#[derive(Default)]
struct Rooms(Mutex<HashMap<u32, Arc<Room>>>);

/// The waiting bytes of one client.
#[derive(Default)]
struct Outbox {
    bytes: Mutex<Vec<u8>>,
    filled: Notify,
}

impl Outbox {
    fn push(&self, frames: &[u8]) {
        let mut bytes = self.bytes.lock();
        let was_empty = bytes.is_empty();
        bytes.extend_from_slice(frames);
        drop(bytes);
        if was_empty {
            self.filled.notify_one();
        }
    }
}

pub(crate) fn serve() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(accept())
}

async fn accept() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?)?;
    let rooms = Arc::new(Rooms::default());
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(serve_client(socket, Arc::clone(&rooms)));
    }
}

/// Serves one connection until it ends or fails.
async fn serve_client(mut socket: TcpStream, rooms: Arc<Rooms>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let client = shake_hands(&mut socket).await?;
    let room = Arc::clone(rooms.0.lock().entry(client.room).or_default());
    let outbox = Arc::new(Outbox::default());
    room.lock().push(Arc::clone(&outbox));
    let (reading, writing) = socket.into_split();
    tokio::spawn(write(writing, Arc::clone(&outbox)));
    read(reading, client, &room, &outbox).await
}

/// Answers the handshake with a constant: all clients of the generator send the same key.
async fn shake_hands(socket: &mut TcpStream) -> io::Result<Client> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if socket.read_buf(&mut request).await? == 0 || request.len() > READ_BUFFER {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let query = str::from_utf8(&request).ok().and_then(|text| {
        let path = text.strip_prefix("GET /chat?")?;
        path.split(' ').next()
    });
    let client = query
        .and_then(Client::parse)
        .ok_or(io::ErrorKind::InvalidData)?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    );
    socket.write_all(answer.as_bytes()).await?;
    Ok(client)
}

async fn write(mut socket: OwnedWriteHalf, outbox: Arc<Outbox>) -> io::Result<()> {
    let mut writing = Vec::new();
    loop {
        outbox.filled.notified().await;
        mem::swap(&mut writing, &mut outbox.bytes.lock());
        socket.write_all(&writing).await?;
        writing.clear();
    }
}

async fn read(
    mut socket: OwnedReadHalf,
    client: Client,
    room: &Room,
    outbox: &Outbox,
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(READ_BUFFER);
    loop {
        if socket.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let mut used = 0;
        while let Some((frame, length)) =
            codec::decode(&bytes[used..], Side::Client).map_err(io::Error::other)?
        {
            answer(frame, client, room, outbox);
            used += length;
        }
        bytes.drain(..used);
    }
}

fn answer(frame: Frame<'_>, client: Client, room: &Room, outbox: &Outbox) {
    let mut answer = Vec::new();
    match frame {
        Frame::Text(packet) => {
            let packet = str::from_utf8(packet)
                .ok()
                .and_then(|text| client.say(text));
            let Some(packet) = packet else { return };
            codec::encode_text(packet.to_json().as_bytes(), Side::Server, &mut answer);
            // The lock is held during the broadcast, so that a room has one order.
            room.lock().iter().for_each(|member| member.push(&answer));
        }
        Frame::Ping(payload) => {
            codec::encode_pong(payload, Side::Server, &mut answer);
            outbox.push(&answer);
        }
        Frame::Pong | Frame::Close(_) => {}
    }
}
