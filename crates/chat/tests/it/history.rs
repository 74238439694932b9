use abu_chat_protocol::client::{ListMessageRequest, Order};

use crate::support::Chat;

fn request(room: abu_domain::RoomId, limit: u64, skip: u64, order: Order) -> ListMessageRequest {
    let mut request = ListMessageRequest::new(room.uuid());
    request.limit = std::num::NonZeroU64::new(limit);
    request.skip = Some(skip);
    request.order = Some(order);
    request
}

#[tokio::test]
async fn pages_run_from_either_end_and_count_the_whole_room() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut session = chat.connect(amina).await;
    for n in 1..=12 {
        session.say(room, &n.to_string()).await;
        session.message().await;
    }
    for (limit, skip, order, expected) in [
        (3, 0, Order::Desc, vec!["12", "11", "10"]),
        (3, 10, Order::Desc, vec!["2", "1"]),
        (3, 0, Order::Asc, vec!["1", "2", "3"]),
        (3, 11, Order::Asc, vec!["12"]),
        (3, 12, Order::Desc, vec![]),
        (3, u64::MAX, Order::Asc, vec![]),
    ] {
        let page = session.history(request(room, limit, skip, order)).await;
        let texts: Vec<_> = page.messages.iter().map(|m| m.message.as_str()).collect();
        assert_eq!(texts, expected);
        assert_eq!(page.total_count, 12);
        assert_eq!(page.room_id.to_uuid(), Some(room.uuid()));
    }
    let by_default = session.history(ListMessageRequest::new(room.uuid())).await;
    assert_eq!(by_default.messages.len(), 10);
    assert_eq!(by_default.messages[0].message, "12");
}

#[tokio::test]
async fn an_empty_room_has_an_empty_page() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut session = chat.connect(amina).await;
    let page = session.history(ListMessageRequest::new(room.uuid())).await;
    assert!(page.messages.is_empty());
    assert_eq!(page.total_count, 0);
}

#[tokio::test]
async fn pages_arrive_in_request_order_and_include_acknowledged_messages() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut session = chat.connect(amina).await;
    session.say(room, "first").await;
    session.message().await;
    for skip in [0, 1, 0] {
        session.send(request(room, 1, skip, Order::Desc)).await;
    }
    for expected in [1, 0, 1] {
        match session.packet().await {
            abu_chat_protocol::ServerPacket::ListMessageResponse(page) => {
                assert_eq!(page.messages.len(), expected);
            }
            other => panic!("{other:?}"),
        }
    }
}
