use abu_application::{
    access::{AccessError, AssignmentError, ports::AssignmentFilter},
    platform::lists::{ListRequest, Seek},
};
use abu_domain::{
    AssignmentId,
    access::{Assignment, Permission, RoleName, Scope},
};
use uuid::Uuid;

use crate::support::{
    Member, TestApp, assert_lacks, assert_refused, assignment_draft, new_id, term,
};

const HERE: Uuid = Uuid::from_u128(1);
const THERE: Uuid = Uuid::from_u128(2);

/// A chair who assigns roles in one chapter, and what the chair may give there.
struct Chapter {
    app: TestApp,
    chair: Member,
    /// Within the rights of the chair.
    editor: RoleName,
    /// Gives [`EXTRA`] too.
    secretary: RoleName,
}

const EXTRA: Permission = Permission::ApproveMember;

impl Chapter {
    fn new() -> Self {
        let app = TestApp::new();
        let chair = app.member().create();
        let chapter = Self {
            chair: chair.clone(),
            editor: app.role_of(&[Permission::CreateAnnouncement]),
            secretary: app.role_of(&[Permission::CreateAnnouncement, EXTRA]),
            app,
        };
        let held = [Permission::ModifyRole, Permission::CreateAnnouncement];
        let role = chapter.app.role_of(&held);
        chapter.hold(&chair, &role, Scope::Chapter(HERE));
        chapter
    }

    fn member(&self) -> Member {
        self.app.member().create()
    }

    fn hold(&self, member: &Member, role: &RoleName, scope: Scope) -> AssignmentId {
        let from_now_on = term(self.app.now(), None);
        self.app.assign(member.id(), role, scope, from_now_on)
    }

    async fn assign(
        &self,
        member: &Member,
        role: &RoleName,
        scope: Scope,
    ) -> Result<Assignment, AssignmentError> {
        let draft = assignment_draft(member.id(), role, scope);
        let access = &self.app.use_cases.access.control;
        access.assign(self.chair.caller(), draft).await
    }

    async fn end(&self, id: AssignmentId) -> Result<(), AssignmentError> {
        let access = &self.app.use_cases.access.control;
        access.end_assignment(self.chair.caller(), id).await
    }

    async fn get(&self, id: AssignmentId) -> Result<Assignment, AssignmentError> {
        let access = &self.app.use_cases.access.control;
        access.assignment(self.chair.caller(), id).await
    }

    /// The ids in the chair's list.
    async fn list(&self, chapter: Option<Uuid>) -> Result<Vec<AssignmentId>, AssignmentError> {
        let filter = AssignmentFilter {
            chapter,
            ..AssignmentFilter::default()
        };
        let page = ListRequest {
            seek: Seek::START,
            limit: 10,
            count: false,
        };
        let access = &self.app.use_cases.access.control;
        let listed = access
            .assignments(self.chair.caller(), filter, page)
            .await?;
        Ok(listed.items.iter().map(|item| item.id).collect())
    }
}

/// Asserts that the caller does not hold `can_modify_role` in the scope.
macro_rules! assert_denied {
    ($result:expr) => {
        assert_refused!(
            $result,
            AssignmentError::Access(AccessError::Denied(Permission::ModifyRole))
        )
    };
}

#[tokio::test]
async fn a_chair_assigns_a_role_in_their_chapter() {
    let chapter = Chapter::new();
    let (member, here) = (chapter.member(), Scope::Chapter(HERE));
    let made = chapter
        .assign(&member, &chapter.editor, here)
        .await
        .unwrap();
    assert_eq!(made.scope, here);
    let own = chapter
        .app
        .use_cases
        .access
        .control
        .own_permissions(member.caller());
    let own = own.await.unwrap();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].scope, here);
}

#[tokio::test]
async fn a_chair_assigns_no_role_in_another_chapter_or_everywhere() {
    let chapter = Chapter::new();
    for scope in [Scope::Chapter(THERE), Scope::Global] {
        let member = chapter.member();
        assert_denied!(chapter.assign(&member, &chapter.editor, scope).await);
    }
}

#[tokio::test]
async fn a_chair_assigns_no_role_beyond_their_rights_in_the_chapter() {
    let chapter = Chapter::new();
    // Held elsewhere, so it counts nothing here.
    chapter.hold(&chapter.chair, &chapter.secretary, Scope::Chapter(THERE));
    let (member, here) = (chapter.member(), Scope::Chapter(HERE));
    let refused = chapter.assign(&member, &chapter.secretary, here).await;
    assert_lacks(refused, &[EXTRA]);
}

#[tokio::test]
async fn what_a_chair_holds_everywhere_they_give_in_their_chapter() {
    let chapter = Chapter::new();
    chapter.app.grant(chapter.chair.id(), &[EXTRA]);
    let (member, here) = (chapter.member(), Scope::Chapter(HERE));
    let made = chapter.assign(&member, &chapter.secretary, here).await;
    made.unwrap();
}

#[tokio::test]
async fn a_chair_assigns_nothing_to_who_holds_more_in_the_chapter() {
    let chapter = Chapter::new();
    let (stronger, here) = (chapter.member(), Scope::Chapter(HERE));
    chapter.hold(&stronger, &chapter.secretary, here);
    let refused = chapter.assign(&stronger, &chapter.editor, here).await;
    assert_lacks(refused, &[EXTRA]);
}

#[tokio::test]
async fn rights_in_other_scopes_do_not_count_for_rank_in_a_chapter() {
    let chapter = Chapter::new();
    for elsewhere in [Scope::Chapter(THERE), Scope::Global] {
        let officer = chapter.member();
        chapter.hold(&officer, &chapter.secretary, elsewhere);
        let made = chapter.assign(&officer, &chapter.editor, Scope::Chapter(HERE));
        made.await.unwrap();
    }
}

#[tokio::test]
async fn a_chair_ends_a_term_in_their_chapter() {
    let chapter = Chapter::new();
    let (member, here) = (chapter.member(), Scope::Chapter(HERE));
    let id = chapter.hold(&member, &chapter.editor, here);
    chapter.end(id).await.unwrap();
    assert_refused!(chapter.get(id).await, AssignmentError::Access(_));
}

#[tokio::test]
async fn a_chair_ends_no_term_in_another_chapter_or_everywhere() {
    let chapter = Chapter::new();
    for scope in [Scope::Chapter(THERE), Scope::Global] {
        let id = chapter.hold(&chapter.member(), &chapter.editor, scope);
        assert_denied!(chapter.end(id).await);
        assert!(chapter.app.store(|tx| tx.assignment(id)).is_some());
    }
}

#[tokio::test]
async fn a_chair_ends_no_term_of_who_holds_more_in_the_chapter() {
    let chapter = Chapter::new();
    let (stronger, here) = (chapter.member(), Scope::Chapter(HERE));
    let office = chapter.hold(&stronger, &chapter.secretary, here);
    let other = chapter.hold(&stronger, &chapter.editor, here);
    for id in [office, other] {
        assert_lacks(chapter.end(id).await, &[EXTRA]);
    }
}

#[tokio::test]
async fn a_chair_resigns() {
    let chapter = Chapter::new();
    let here = Some(HERE);
    let own = chapter.list(here).await.unwrap();
    chapter.end(own[0]).await.unwrap();
    assert_denied!(chapter.list(here).await);
}

#[tokio::test]
async fn a_chair_sees_the_assignments_of_their_chapter_alone() {
    let chapter = Chapter::new();
    let ours = chapter.hold(&chapter.member(), &chapter.editor, Scope::Chapter(HERE));
    assert_eq!(chapter.get(ours).await.unwrap().id, ours);
    for scope in [Scope::Chapter(THERE), Scope::Global] {
        let id = chapter.hold(&chapter.member(), &chapter.editor, scope);
        assert_denied!(chapter.get(id).await);
    }
}

#[tokio::test]
async fn a_chair_lists_the_assignments_of_their_chapter_alone() {
    let chapter = Chapter::new();
    let ours = chapter.hold(&chapter.member(), &chapter.editor, Scope::Chapter(HERE));
    chapter.hold(&chapter.member(), &chapter.editor, Scope::Chapter(THERE));
    let listed = chapter.list(Some(HERE)).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.contains(&ours));
    assert_denied!(chapter.list(Some(THERE)).await);
    assert_denied!(chapter.list(None).await);
}

#[tokio::test]
async fn only_a_global_holder_learns_that_an_assignment_does_not_exist() {
    let chapter = Chapter::new();
    let nothing = AssignmentId::new(new_id());
    assert_denied!(chapter.get(nothing).await);
    assert_denied!(chapter.end(nothing).await);
    chapter
        .app
        .grant(chapter.chair.id(), &[Permission::ModifyRole]);
    assert_refused!(chapter.get(nothing).await, AssignmentError::NotFound);
    assert_refused!(chapter.end(nothing).await, AssignmentError::NotFound);
}
