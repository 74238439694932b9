//! One-use tickets for the handshake of the chat.

use abu_application::{access::AccessError, messaging::tickets::TicketError};
use chrono::TimeDelta;
use futures_util::future::join_all;

use crate::support::{TestApp, assert_refused};

const LIFETIME: TimeDelta = TimeDelta::seconds(30);

#[tokio::test]
async fn a_ticket_admits_its_buyer_once() {
    let app = TestApp::new();
    let caller = app.new_caller(&app.member().create()).await;
    let access_expires_at = app.now() + TimeDelta::minutes(15);
    let chat_access = &app.use_cases.messaging.tickets;
    let ticket = chat_access.issue_ticket(caller.clone(), access_expires_at);
    let ticket = ticket.await.unwrap();
    let holder = chat_access.use_ticket(ticket).await.unwrap();
    assert_eq!(holder.user_id, caller.user);
    assert_eq!(holder.session_id, caller.session);
    assert_eq!(holder.access_expires_at, access_expires_at);
    let again = chat_access.use_ticket(ticket).await;
    assert_refused!(again, TicketError::Invalid);
}

#[tokio::test]
async fn of_simultaneous_uses_of_a_ticket_one_is_admitted() {
    let app = TestApp::new();
    let caller = app.member().create().caller();
    let chat_access = &app.use_cases.messaging.tickets;
    let ticket = chat_access.issue_ticket(caller, app.now()).await.unwrap();
    let uses = join_all((0..4).map(|_| chat_access.use_ticket(ticket))).await;
    assert_eq!(uses.iter().filter(|used| used.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_ticket_expires_after_thirty_seconds() {
    let app = TestApp::new();
    let member = app.member().create();
    let chat_access = &app.use_cases.messaging.tickets;
    let issue = || chat_access.issue_ticket(member.caller(), app.now());
    let (late, in_time) = (issue().await.unwrap(), issue().await.unwrap());
    app.clock.advance(LIFETIME - TimeDelta::microseconds(1));
    chat_access.use_ticket(in_time).await.unwrap();
    app.clock.advance(TimeDelta::microseconds(1));
    let refused = chat_access.use_ticket(late).await;
    assert_refused!(refused, TicketError::Invalid);
}

#[tokio::test]
async fn an_unknown_ticket_admits_no_client() {
    let app = TestApp::new();
    let refused = app.use_cases.messaging.tickets.use_ticket([7; 32]).await;
    assert_refused!(refused, TicketError::Invalid);
}

#[tokio::test]
async fn an_ended_suspended_or_hidden_caller_buys_no_ticket() {
    let app = TestApp::new();
    let ended = app.new_caller(&app.member().create()).await;
    let sessions = &app.use_cases.identity.sessions;
    sessions.log_out(ended.clone()).await.unwrap();
    let chat_access = &app.use_cases.messaging.tickets;
    let buy = |caller| chat_access.issue_ticket(caller, app.now());
    assert_refused!(buy(ended).await, AccessError::SessionEnded);
    let suspended = app.member().suspended().create().caller();
    assert_refused!(buy(suspended).await, AccessError::Suspended);
    let hidden = app.member().hidden().create().caller();
    assert_refused!(buy(hidden).await, AccessError::Deactivated);
}

#[tokio::test]
async fn a_ticket_names_the_session_whose_end_refuses_it() {
    let app = TestApp::new();
    let member = app.member().create();
    let (left, kept) = (app.new_caller(&member).await, app.new_caller(&member).await);
    let chat_access = &app.use_cases.messaging.tickets;
    let mut sessions = Vec::new();
    for caller in [&left, &kept] {
        let ticket = chat_access.issue_ticket(caller.clone(), app.now()).await;
        let holder = chat_access.use_ticket(ticket.unwrap()).await.unwrap();
        sessions.push(holder.session_id);
    }
    app.use_cases.identity.sessions.log_out(left).await.unwrap();
    // The chat admits a ticket's holder while this lists the session.
    let live = app.store(|tx| tx.live_sessions(&sessions));
    assert_eq!(live, [kept.session]);
}
