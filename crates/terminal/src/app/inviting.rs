//! Invitations to groups that the user left.

use uuid::Uuid;

use super::{App, Effect, Question};
use crate::text;

/// An open invitation, from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub(crate) id: Uuid,
    pub(crate) room: String,
    pub(crate) inviter: String,
}

impl App {
    pub(super) fn invited(&mut self, invitations: Result<Vec<Invitation>, String>) -> Vec<Effect> {
        if let Ok(invitations) = invitations {
            self.invitations = invitations;
            if !std::mem::take(&mut self.answer_failed) {
                self.offer();
            }
        }
        vec![]
    }

    /// Whether the notice shows the first invitation.
    pub(super) fn offers(&self) -> bool {
        self.notice.is_some() && self.notice == self.offer_text()
    }

    /// Answers the first invitation. A key that comes while the notice does not show it only shows it.
    pub(super) fn answer_invitation(&mut self, accept: bool, was_offered: bool) -> Vec<Effect> {
        if !was_offered || self.invitations.is_empty() {
            self.offer();
            return vec![];
        }
        let Invitation { id, .. } = self.invitations.remove(0);
        vec![Effect::Ask(Question::Answer(id, accept))]
    }

    pub(super) fn invitation_answered(&mut self, result: Result<(), String>) -> Vec<Effect> {
        match result {
            Ok(()) => {
                self.offer();
                vec![]
            }
            Err(why) => {
                self.notice = Some(format!("The invitation cannot be answered: {why}"));
                self.answer_failed = true;
                // Where it is still open it can be answered again.
                vec![Effect::Ask(Question::Invitations)]
            }
        }
    }

    fn offer(&mut self) {
        if let Some(offered) = self.offer_text() {
            self.notice = Some(offered);
        }
    }

    fn offer_text(&self) -> Option<String> {
        let invitation = self.invitations.first()?;
        Some(format!(
            "{} invites you back to {}: Alt-Y to join, Alt-N to decline.",
            text::clean_line(&invitation.inviter),
            text::clean_line(&invitation.room)
        ))
    }
}
