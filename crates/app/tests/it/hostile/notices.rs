//! One account that makes as much noise in rooms as it can.

use std::time::Duration;

use abu_chat_protocol::{
    ClientPacket, Decoded, ServerPacket,
    client::{MessageSend, Typing},
};
use abu_domain::{RoomId, UserId};
use abu_test_support::ChatClient;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use super::target::{EVENT_TIMEOUT, Target};

/// Members of the room who listen.
const LISTENERS: usize = 40;

struct Scene {
    target: Target,
    noisy: UserId,
    room: RoomId,
    /// Their own rooms, for markers.
    own: Vec<RoomId>,
    listeners: Vec<UserId>,
}

impl Scene {
    fn new() -> Self {
        let target = Target::start(&[]);
        let database = target.database();
        let noisy = database.user().create().id;
        let listeners: Vec<UserId> = (0..LISTENERS)
            .map(|_| database.user().create().id)
            .collect();
        let room = database.group(noisy).members(listeners.clone()).create().id;
        let own = listeners
            .iter()
            .map(|user| database.group(*user).create().id)
            .collect();
        Self {
            noisy,
            room,
            own,
            listeners,
            target,
        }
    }

    async fn connect(&self, user: UserId) -> ChatClient {
        ChatClient::connect(&self.target.chat(user)).await.unwrap()
    }

    /// Everything that each listener hears until a marker of their own. None has read before.
    async fn heard(&self, listeners: &mut [ChatClient]) -> Vec<Vec<ServerPacket>> {
        let mut heard = Vec::new();
        for (listener, own) in listeners.iter_mut().zip(&self.own) {
            listener.say(*own, "marker").await;
            let mut packets = Vec::new();
            loop {
                match listener.packet().await {
                    ServerPacket::MessageReceive(message) if message.message == "marker" => break,
                    packet => packets.push(packet),
                }
            }
            heard.push(packets);
        }
        heard
    }
}

fn run(attack: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(attack);
}

/// Sends as much as the server takes, and reads nothing.
async fn flood(mut client: ChatClient, packets: impl Iterator<Item = String>) {
    let sent = async {
        for packet in packets {
            if client.socket.feed(Message::text(packet)).await.is_err() {
                return;
            }
        }
        let _ = client.socket.flush().await;
    };
    let _ = tokio::time::timeout(Duration::from_secs(10), sent).await;
}

#[test]
fn alternating_typing_of_one_account_is_a_few_notices_for_each_listener() {
    let scene = Scene::new();
    scene.target.withstands(|| {
        run(async {
            let mut listeners = Vec::new();
            for user in &scene.listeners {
                listeners.push(scene.connect(*user).await);
            }
            let began = std::time::Instant::now();
            let mut devices = Vec::new();
            for _ in 0..10 {
                devices.push(scene.connect(scene.noisy).await);
            }
            let packet = |turn: usize| {
                ClientPacket::from(Typing::new(scene.room.uuid(), turn.is_multiple_of(2))).to_json()
            };
            let floods = devices
                .into_iter()
                .map(|device| flood(device, (0..20_000).map(packet)));
            futures_util::future::join_all(floods).await;
            let heard = scene.heard(&mut listeners).await;
            let most = 4 + began.elapsed().as_secs() as usize / 3 + 1;
            for packets in heard {
                assert!(packets.len() <= most, "{} above {most}", packets.len());
                assert!(!packets.is_empty());
            }
        });
    });
}

#[test]
fn flapping_presence_of_one_account_is_seldom_broadcast() {
    let scene = Scene::new();
    scene.target.withstands(|| {
        run(async {
            let mut listeners = Vec::new();
            for user in &scene.listeners {
                listeners.push(scene.connect(*user).await);
            }
            let began = std::time::Instant::now();
            // As often as handshakes are allowed in a minute.
            for _ in 0..29 {
                let mut device = scene.connect(scene.noisy).await;
                device.join().await;
                device.leave().await;
            }
            let heard = scene.heard(&mut listeners).await;
            let most = 6 + began.elapsed().as_secs() as usize / 10 + 1;
            for packets in heard {
                assert!(packets.len() <= most, "{} above {most}", packets.len());
            }
        });
    });
}

/// The text of a message of this many bytes: characters of four bytes each.
fn text(bytes: usize) -> String {
    "\u{1f393}".repeat(bytes / 4)
}

#[test]
fn the_largest_messages_of_one_account_cut_no_slow_reader_off() {
    let scene = Scene::new();
    scene.target.withstands(|| {
        run(async {
            let mut listeners = Vec::new();
            for user in &scene.listeners {
                listeners.push(scene.connect(*user).await);
            }
            let mut device = scene.connect(scene.noisy).await;
            for _ in 0..38 {
                let message = MessageSend::new(scene.room.uuid(), text(16_000));
                device.send(message).await;
            }
            let mut accepted = 0;
            for _ in 0..38 {
                match answer(&mut device).await {
                    ServerPacket::MessageReceive(_) => accepted += 1,
                    ServerPacket::Error(_) => {}
                    packet => panic!("{packet:?}"),
                }
            }
            assert!((4..=8).contains(&accepted), "{accepted}");
            for packets in scene.heard(&mut listeners).await {
                assert_eq!(packets.len(), accepted, "none missed one or was cut off");
            }
        });
    });
}

async fn answer(client: &mut ChatClient) -> ServerPacket {
    let frame = tokio::time::timeout(EVENT_TIMEOUT, client.socket.next());
    match frame.await.unwrap().unwrap().unwrap() {
        Message::Text(text) => match ServerPacket::decode(&text).unwrap() {
            Decoded::Known { packet, .. } => packet,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}
