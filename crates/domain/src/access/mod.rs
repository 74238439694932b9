//! Role-based access control (RBAC): permissions, roles, groups, and their seeds.
//!
//! A user belongs to groups, a group holds roles, and a role holds permissions. An assignment gives
//! a role to a user directly, for a term and a scope. Administrators can create more of each;
//! [`Permission`] lists those that the code checks.

mod assignment;
mod membership;
mod names;
mod rights;

pub use assignment::{Assignment, Scope, Term};
pub use membership::Membership;
pub use names::{AccessName, GroupName, PermissionName, RoleName};
pub use rights::{Group, NamedSet, PermissionRecord, Role};

use crate::named_enum;

macro_rules! permissions {
    ($($variant:ident => $name:literal, $description:literal;)*) => {
        named_enum! {
            /// A permission that the code checks.
            #[derive(PartialOrd, Ord)]
            pub enum Permission {
                $(#[doc = $description] $variant => $name,)*
            }
        }

        impl Permission {
            /// What the permission allows, in English for administrators.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }
        }
    };
}

permissions! {
    CreateUser => "can_create_user", "Make accounts.";
    ViewUser => "can_view_user", "See any account.";
    ModifyUser => "can_modify_user", "Change, suspend and activate accounts.";
    DeleteUser => "can_delete_user", "Schedule the erasure of accounts.";
    CreatePermission => "can_create_permission", "Make permissions.";
    ViewPermission => "can_view_permission", "See permissions.";
    ModifyPermission => "can_modify_permission", "Change permissions.";
    DeletePermission => "can_delete_permission", "Delete permissions.";
    CreateRole => "can_create_role", "Make roles.";
    ViewRole => "can_view_role", "See roles.";
    ModifyRole => "can_modify_role", "Change roles and assign them.";
    DeleteRole => "can_delete_role", "Delete roles.";
    CreateGroup => "can_create_group", "Make groups.";
    ViewGroup => "can_view_group", "See groups.";
    ModifyGroup => "can_modify_group", "Change groups.";
    DeleteGroup => "can_delete_group", "Delete groups.";
    ImportAlumni => "can_import_alumni", "Import the register of graduates.";
    ExportAlumni => "can_export_alumni", "Export segments of the directory.";
    VerifyAlumni => "can_verify_alumni", "Decide claims to be a graduate.";
    CreateAlumniRecord => "can_create_alumni_record", "Add entries to the register.";
    ViewAlumniRecord => "can_view_alumni_record", "See entries of the register.";
    ModifyAlumniRecord => "can_modify_alumni_record", "Change and merge entries of the register.";
    CreateInvitation => "can_create_invitation", "Invite graduates to claim their entry.";
    ViewStatistics => "can_view_statistics", "See the statistics.";
    ManageDataRequest => "can_manage_data_request", "Answer requests about personal data.";
    ViewAuditLog => "can_view_audit_log", "See who did what.";
    ApproveExport => "can_approve_export", "Approve large exports as the second person.";
    ViewReport => "can_view_report", "See reports of abuse.";
    ModerateContent => "can_moderate_content", "Remove content.";
    SuspendUser => "can_suspend_user", "Impose and lift sanctions.";
    CreateAnnouncement => "can_create_announcement", "Write announcements.";
    ModifyAnnouncement => "can_modify_announcement", "Change and publish announcements.";
    DeleteAnnouncement => "can_delete_announcement", "Withdraw announcements.";
    CreateEvent => "can_create_event", "Make events.";
    ModifyEvent => "can_modify_event", "Change and cancel events, see who attends.";
    ApproveJob => "can_approve_job", "Approve job posts.";
    CreateChapter => "can_create_chapter", "Make chapters.";
    ModifyChapter => "can_modify_chapter", "Change chapters and hand over offices.";
    ApproveMember => "can_approve_member", "Decide who joins a chapter.";
    ManageSettings => "can_manage_settings", "Change the platform's settings.";
    ViewMail => "can_view_mail", "See what became of the platform's mail.";
    ModifyMail => "can_modify_mail", "Have mail that was given up sent again.";
}

impl Permission {
    /// Whether holders could raise rights by it, their own or other users': it changes accounts,
    /// permissions, roles or groups, or decides who gets a role.
    pub const fn raises_rights(self) -> bool {
        match self {
            Self::CreateUser
            | Self::ModifyUser
            | Self::DeleteUser
            | Self::CreatePermission
            | Self::ModifyPermission
            | Self::DeletePermission
            | Self::CreateRole
            | Self::ModifyRole
            | Self::DeleteRole
            | Self::CreateGroup
            | Self::ModifyGroup
            | Self::DeleteGroup
            | Self::VerifyAlumni
            | Self::ModifyChapter
            | Self::ManageSettings => true,
            Self::ViewUser
            | Self::ViewPermission
            | Self::ViewRole
            | Self::ViewGroup
            | Self::ImportAlumni
            | Self::ExportAlumni
            | Self::CreateAlumniRecord
            | Self::ViewAlumniRecord
            | Self::ModifyAlumniRecord
            | Self::CreateInvitation
            | Self::ViewStatistics
            | Self::ManageDataRequest
            | Self::ViewAuditLog
            | Self::ApproveExport
            | Self::ViewReport
            | Self::ModerateContent
            | Self::SuspendUser
            | Self::CreateAnnouncement
            | Self::ModifyAnnouncement
            | Self::DeleteAnnouncement
            | Self::CreateEvent
            | Self::ModifyEvent
            | Self::ApproveJob
            | Self::CreateChapter
            | Self::ApproveMember
            | Self::ViewMail
            | Self::ModifyMail => false,
        }
    }
}

/// A seeded role: every installation has it.
#[derive(Clone, Copy, Debug)]
pub struct SeededRole {
    /// The role's name, such as `user_admin`.
    pub name: &'static str,
    /// What the role is for, in English for administrators.
    pub description: &'static str,
    /// The permissions it grants.
    pub permissions: &'static [Permission],
}

/// A seeded group: every installation has it.
#[derive(Clone, Copy, Debug)]
pub struct SeededGroup {
    /// The group's name, such as `super_admin_group`.
    pub name: &'static str,
    /// What the group is for, in English for administrators.
    pub description: &'static str,
    /// Names of its roles.
    pub roles: &'static [&'static str],
}

/// The group that holds every permission; bootstrap puts the first superuser in it.
pub const SUPER_ADMIN_GROUP: &str = "super_admin_group";

/// The group of the alumni office's staff.
pub const ALUMNI_OFFICE_GROUP: &str = "alumni_office_group";

/// The group of accounts that are not verified as graduates.
pub const APPLICANT_GROUP: &str = "applicant_group";

/// The group of accounts that are verified as graduates.
pub const VERIFIED_ALUMNI_GROUP: &str = "verified_alumni_group";

/// The groups that accounts join automatically, by registration and by verification.
pub const AUTOMATIC_GROUPS: [&str; 2] = [APPLICANT_GROUP, VERIFIED_ALUMNI_GROUP];

/// The roles of every installation.
pub const SEEDED_ROLES: &[SeededRole] = {
    use Permission::*;
    &[
        SeededRole {
            name: "user_admin",
            description: "Looks after accounts.",
            permissions: &[CreateUser, ViewUser, ModifyUser, DeleteUser],
        },
        SeededRole {
            name: "permission_admin",
            description: "Looks after permissions.",
            permissions: &[
                CreatePermission,
                ViewPermission,
                ModifyPermission,
                DeletePermission,
            ],
        },
        SeededRole {
            name: "role_admin",
            description: "Looks after roles.",
            permissions: &[CreateRole, ViewRole, ModifyRole, DeleteRole],
        },
        SeededRole {
            name: "group_admin",
            description: "Looks after groups.",
            permissions: &[CreateGroup, ViewGroup, ModifyGroup, DeleteGroup],
        },
        SeededRole {
            name: "registry_admin",
            description: "Keeps the register of graduates.",
            permissions: &[
                ImportAlumni,
                CreateAlumniRecord,
                ViewAlumniRecord,
                ModifyAlumniRecord,
                CreateInvitation,
                ViewStatistics,
            ],
        },
        SeededRole {
            name: "verification_admin",
            description: "Decides who is a graduate.",
            permissions: &[VerifyAlumni, ViewAlumniRecord],
        },
        SeededRole {
            name: "export_admin",
            description: "Exports segments of the directory.",
            permissions: &[ExportAlumni],
        },
        SeededRole {
            name: "announcement_admin",
            description: "Writes announcements.",
            permissions: &[CreateAnnouncement, ModifyAnnouncement, DeleteAnnouncement],
        },
        SeededRole {
            name: "event_admin",
            description: "Makes events.",
            permissions: &[CreateEvent, ModifyEvent],
        },
        SeededRole {
            name: "job_admin",
            description: "Approves job posts.",
            permissions: &[ApproveJob],
        },
        SeededRole {
            name: "privacy_admin",
            description: "Protects personal data.",
            permissions: &[ManageDataRequest, ViewAuditLog, ApproveExport],
        },
        SeededRole {
            name: "moderation_admin",
            description: "Keeps the peace.",
            permissions: &[ViewReport, ModerateContent, SuspendUser],
        },
        SeededRole {
            name: "chapter_admin",
            description: "Looks after all chapters.",
            permissions: &[CreateChapter, ModifyChapter, ApproveMember],
        },
        SeededRole {
            name: "settings_admin",
            description: "Looks after the platform's settings.",
            permissions: &[ManageSettings],
        },
        SeededRole {
            name: "mail_admin",
            description: "Looks after the platform's mail.",
            permissions: &[ViewMail, ModifyMail],
        },
        SeededRole {
            name: "chapter_chair",
            description: "Leads a chapter, inside it.",
            permissions: &[
                ModifyChapter,
                ApproveMember,
                CreateEvent,
                CreateAnnouncement,
            ],
        },
        SeededRole {
            name: "chapter_secretary",
            description: "Admits members and calls meetings of a chapter, inside it.",
            permissions: &[ApproveMember, CreateEvent, CreateAnnouncement],
        },
        SeededRole {
            name: "chapter_editor",
            description: "Writes for a chapter, inside it.",
            permissions: &[CreateAnnouncement],
        },
        SeededRole {
            name: "member",
            description: "A graduate the university knows.",
            permissions: &[],
        },
        SeededRole {
            name: "applicant",
            description: "Not known as a graduate yet.",
            permissions: &[],
        },
    ]
};

/// The groups of every installation.
pub const SEEDED_GROUPS: &[SeededGroup] = &[
    SeededGroup {
        name: SUPER_ADMIN_GROUP,
        description: "May do everything.",
        roles: &[
            "user_admin",
            "permission_admin",
            "role_admin",
            "group_admin",
            "registry_admin",
            "verification_admin",
            "export_admin",
            "announcement_admin",
            "event_admin",
            "job_admin",
            "privacy_admin",
            "moderation_admin",
            "chapter_admin",
            "settings_admin",
            "mail_admin",
        ],
    },
    SeededGroup {
        name: ALUMNI_OFFICE_GROUP,
        description: "The alumni office.",
        roles: &[
            "registry_admin",
            "verification_admin",
            "announcement_admin",
            "event_admin",
        ],
    },
    SeededGroup {
        name: "dpo_group",
        description: "The data protection officer.",
        roles: &["privacy_admin"],
    },
    SeededGroup {
        name: "moderator_group",
        description: "Those who keep the peace.",
        roles: &["moderation_admin"],
    },
    SeededGroup {
        name: "editor_group",
        description: "Those who write announcements and approve job posts.",
        roles: &["announcement_admin", "job_admin"],
    },
    SeededGroup {
        name: VERIFIED_ALUMNI_GROUP,
        description: "Graduates the university knows; filled by verification.",
        roles: &["member"],
    },
    SeededGroup {
        name: APPLICANT_GROUP,
        description: "Everybody else with an account; filled by registration.",
        roles: &["applicant"],
    },
];

/// Names of the seeded roles of the super-admin group; they cannot be taken from it.
pub fn super_admin_roles() -> &'static [&'static str] {
    let group = SEEDED_GROUPS
        .iter()
        .find(|group| group.name == SUPER_ADMIN_GROUP);
    group.map_or(&[], |group| group.roles)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_automatic_group_is_seeded_with_a_permission_that_raises_rights() {
        for name in AUTOMATIC_GROUPS {
            let group = SEEDED_GROUPS.iter().find(|group| group.name == name);
            let roles = group.unwrap().roles;
            let given = SEEDED_ROLES
                .iter()
                .filter(|role| roles.contains(&role.name));
            let mut given = given.flat_map(|role| role.permissions);
            assert!(
                !given.any(|permission| permission.raises_rights()),
                "{name}"
            );
        }
    }

    #[test]
    fn every_name_is_unique_and_in_the_form_the_team_knows() {
        let names: BTreeSet<_> = Permission::ALL.iter().map(|p| p.name()).collect();
        assert_eq!(names.len(), Permission::ALL.len());
        assert!(names.iter().all(|name| name.starts_with("can_")));
        let roles: BTreeSet<_> = SEEDED_ROLES.iter().map(|role| role.name).collect();
        assert_eq!(roles.len(), SEEDED_ROLES.len());
    }

    #[test]
    fn groups_hold_only_roles_that_exist() {
        for group in SEEDED_GROUPS {
            for role in group.roles {
                assert!(SEEDED_ROLES.iter().any(|r| r.name == *role), "{role}");
            }
        }
    }

    #[test]
    fn super_admins_hold_every_admin_role_and_so_every_permission() {
        let group = SEEDED_GROUPS
            .iter()
            .find(|group| group.name == SUPER_ADMIN_GROUP)
            .unwrap();
        for role in SEEDED_ROLES
            .iter()
            .filter(|role| role.name.ends_with("_admin"))
        {
            assert!(group.roles.contains(&role.name), "{}", role.name);
        }
        let held: BTreeSet<_> = SEEDED_ROLES
            .iter()
            .filter(|role| group.roles.contains(&role.name))
            .flat_map(|role| role.permissions)
            .copied()
            .collect();
        assert_eq!(held.len(), Permission::ALL.len());
    }
}
