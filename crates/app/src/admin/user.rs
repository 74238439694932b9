//! `abu-admin user`: account administration through the use cases of the API.

use std::{
    fmt::{self, Display},
    io::{self, Write},
};

use abu_application::{
    access::Operator,
    identity::{
        accounts::{AccountOverview, Accounts, UserDraft},
        ports::{UserFilter, WhichSessions},
    },
    platform::lists::{ListRequest, MAX_LIMIT, Seek, TimePosition, Total},
};
use abu_domain::{
    UserId,
    access::{Assignment, GroupName, Membership},
    identity::{
        text::PhoneNumber,
        user::{User, Verification},
    },
    platform::text::{EmailAddress, PersonName},
};
use abu_settings::Settings;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use super::{
    AdminError, database::OpenDatabase, operator::operator, parse_email, password::new_password,
};
use crate::database::require_migrated;
use abu_rest::UserDocument;

const MAX_CONFLICTS: u32 = 1_000;
/// How many accounts are shown unless more are asked for.
const DEFAULT_SHOWN: u32 = 100;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account that logs in at once.
    ///
    /// Its owner confirms the address before a forgotten password is reset by mail.
    /// Asks for the password on the terminal.
    Create(CreateArguments),
    /// Show accounts, the newest first.
    List(ListArguments),
    /// Show accounts that cannot log in by their address: another account verified the same address
    /// first, in another spelling. Give them another address, or suspend them.
    Conflicts,
    /// Suspend an account: all its log-ins end, and a running server closes its connections to the
    /// chat within seconds.
    Suspend {
        /// The address that the account logs in with, or its UUID.
        #[arg(value_parser = parse_user)]
        user: UserRef,
    },
    /// Let a suspended account use the platform again.
    Activate {
        /// The address that the account logs in with, or its UUID.
        #[arg(value_parser = parse_user)]
        user: UserRef,
    },
    /// Remove an account's one-time passwords: for an owner who lost the device. A mail notifies the
    /// owner.
    ResetTotp {
        /// The address that the account logs in with, or its UUID.
        #[arg(value_parser = parse_user)]
        user: UserRef,
    },
    /// End all log-ins of an account: its tokens fail at once, and a running server closes its
    /// connections to the chat within seconds. The account itself stays active.
    Revoke {
        /// The address that the account logs in with, or its UUID.
        #[arg(value_parser = parse_user)]
        user: UserRef,
    },
    /// Show one account: names, addresses, rights, second factor, log-ins.
    Show {
        /// The address that the account logs in with, or its UUID.
        #[arg(value_parser = parse_user)]
        user: UserRef,
    },
    /// Show the log-ins of an account, the most recently used first; with --end, end them.
    Sessions {
        /// The address that the account logs in with, or its UUID.
        #[arg(value_parser = parse_user)]
        user: UserRef,
        /// End this log-in; without a UUID, all of them.
        #[arg(long, value_name = "UUID", num_args = 0..=1)]
        end: Option<Option<Uuid>>,
    },
    /// Put an account in a group.
    Grant {
        /// The address that the account logs in with, or its UUID.
        #[arg(value_parser = parse_user)]
        user: UserRef,
        /// The name of the group, such as alumni_office_group.
        #[arg(value_parser = parse_group)]
        group: GroupName,
        /// When the membership ends by itself, such as 2028-01-05T00:00:00Z; without it, never.
        #[arg(long, value_name = "TIME")]
        until: Option<DateTime<Utc>>,
    },
}

#[derive(Debug, Args)]
pub(super) struct CreateArguments {
    /// What it logs in with.
    #[arg(value_parser = parse_email)]
    email: EmailAddress,
    /// Given name.
    #[arg(long, value_parser = parse_name)]
    firstname: PersonName,
    /// Names between.
    #[arg(long, value_parser = parse_name)]
    middlename: Option<PersonName>,
    /// Surname.
    #[arg(long, value_parser = parse_name)]
    lastname: PersonName,
    /// Telephone number.
    #[arg(long, value_parser = parse_phone)]
    phone: Option<PhoneNumber>,
    /// Read the password from standard input: its first line.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// What the address starts with, or words that begin words of the name, in any order; without
    /// regard to accents and case.
    #[arg(long, value_name = "TEXT")]
    starts_with: Option<String>,
    /// The name of a group they are in.
    #[arg(long)]
    group: Option<String>,
    /// Only those that are not suspended.
    #[arg(long, conflicts_with = "suspended")]
    active: bool,
    /// Only those that are suspended.
    #[arg(long)]
    suspended: bool,
    /// Whether the university knows them: unverified, pending, verified or revoked.
    #[arg(long, value_name = "STATE", value_parser = parse_verification)]
    verification: Option<Verification>,
    /// Made after this time, such as 2026-01-05T08:30:00Z.
    #[arg(long, value_name = "TIME")]
    created_after: Option<DateTime<Utc>>,
    /// How many to show at most.
    #[arg(long, default_value_t = DEFAULT_SHOWN, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Show all of them.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// An account a line, as the API shows it.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Debug)]
pub(super) enum UserRef {
    Id(UserId),
    Email(EmailAddress),
}

pub(super) fn run(settings: &Settings, command: UserCommand) -> Result<(), AdminError> {
    match command {
        UserCommand::Create(new) => {
            // Prompts before opening the database: the operator may take a while.
            let draft = new.draft()?;
            Office::open(settings)?.wait_for(async |office| office.create(draft).await)
        }
        UserCommand::List(which) => {
            Office::open(settings)?.wait_for(async |office| office.list(which).await)
        }
        UserCommand::Conflicts => {
            Office::open(settings)?.wait_for(async |office| office.conflicts().await)
        }
        UserCommand::Suspend { user } => {
            Office::open(settings)?.wait_for(async |office| office.suspend(user).await)
        }
        UserCommand::Activate { user } => {
            Office::open(settings)?.wait_for(async |office| office.activate(user).await)
        }
        UserCommand::ResetTotp { user } => {
            Office::open(settings)?.wait_for(async |office| office.reset_totp(user).await)
        }
        UserCommand::Revoke { user } => Office::open(settings)?
            .wait_for(async |office| office.end_sessions(user, WhichSessions::All).await),
        UserCommand::Show { user } => {
            Office::open(settings)?.wait_for(async |office| office.show(user).await)
        }
        UserCommand::Sessions { user, end: None } => {
            Office::open(settings)?.wait_for(async |office| office.sessions(user).await)
        }
        UserCommand::Sessions {
            user,
            end: Some(session),
        } => {
            let which = session.map_or(WhichSessions::All, |id| WhichSessions::Only(id.into()));
            Office::open(settings)?.wait_for(async |office| office.end_sessions(user, which).await)
        }
        UserCommand::Grant { user, group, until } => {
            Office::open(settings)?.wait_for(async |office| office.grant(user, group, until).await)
        }
    }
}

/// The account use cases on behalf of the operator.
struct Office {
    accounts: Accounts,
    operator: Operator,
    runtime: Runtime,
    /// Dropped last: it may stop the PostgreSQL that the use cases need.
    _database: OpenDatabase,
}

impl Office {
    fn open(settings: &Settings) -> Result<Self, AdminError> {
        let database = OpenDatabase::of(settings)?;
        require_migrated(&database.url)?;
        Ok(Self {
            accounts: database.accounts(settings),
            operator: operator(),
            runtime: Builder::new_current_thread()
                .enable_time()
                .build()
                .map_err(AdminError::Threads)?,
            _database: database,
        })
    }

    fn wait_for(
        &self,
        work: impl AsyncFnOnce(&Self) -> Result<(), AdminError>,
    ) -> Result<(), AdminError> {
        self.runtime.block_on(work(self))
    }

    async fn create(&self, draft: UserDraft) -> Result<(), AdminError> {
        let user = self.accounts.create(self.operator.clone(), draft).await?;
        say(format_args!("made {}", described(&user)))
    }

    async fn suspend(&self, user: UserRef) -> Result<(), AdminError> {
        let id = self.id_of(user).await?;
        let user = self.accounts.suspend(self.operator.clone(), id).await?;
        say(format_args!("suspended {}", described(&user)))
    }

    async fn activate(&self, user: UserRef) -> Result<(), AdminError> {
        let id = self.id_of(user).await?;
        let user = self.accounts.activate(self.operator.clone(), id).await?;
        say(format_args!("activated {}", described(&user)))
    }

    async fn grant(
        &self,
        user: UserRef,
        group: GroupName,
        until: Option<DateTime<Utc>>,
    ) -> Result<(), AdminError> {
        let id = self.id_of(user).await?;
        let (by, groups) = (self.operator.clone(), vec![group]);
        let user = self.accounts.add_to_groups(by, id, groups, until).await?;
        let groups = user.groups.join(", ");
        say(format_args!("{} is in {groups}", described(&user)))
    }

    async fn conflicts(&self) -> Result<(), AdminError> {
        let by = self.operator.clone();
        let conflicts = self.accounts.email_conflicts(by, MAX_CONFLICTS).await?;
        let mut out = io::stdout().lock();
        if conflicts.is_empty() {
            writeln!(
                out,
                "no conflicts: every account logs in by its own address"
            )?;
        }
        for conflict in &conflicts {
            let holder = match conflict.holder_id {
                Some(holder) => format!("held by {holder}"),
                None => "free again".to_owned(),
            };
            writeln!(
                out,
                "{}  {}  {}  {}  {holder}",
                conflict.user_id,
                conflict.found_at.format("%F"),
                conflict.spelling.as_str(),
                conflict.address.as_str(),
            )?;
        }
        if conflicts.len() == MAX_CONFLICTS as usize {
            writeln!(io::stderr(), "there are more: settle these first")?;
        }
        Ok(())
    }

    async fn reset_totp(&self, user: UserRef) -> Result<(), AdminError> {
        let id = self.id_of(user).await?;
        let user = self.accounts.reset_totp(self.operator.clone(), id).await?;
        say(format_args!(
            "{} logs in without one-time passwords; a mail notifies the owner",
            described(&user)
        ))
    }

    async fn end_sessions(&self, user: UserRef, which: WhichSessions) -> Result<(), AdminError> {
        let id = self.id_of(user).await?;
        let by = self.operator.clone();
        let (user, ended) = self.accounts.end_sessions(by, id, which).await?;
        if ended == 0 && which != WhichSessions::All {
            return Err(AdminError::NoSuchSession);
        }
        say(format_args!(
            "ended {ended} log-ins of {}",
            described(&user)
        ))
    }

    async fn show(&self, user: UserRef) -> Result<(), AdminError> {
        let id = self.id_of(user).await?;
        let overview = self.accounts.overview(self.operator.clone(), id).await?;
        write!(io::stdout(), "{}", Shown(&overview))?;
        Ok(())
    }

    async fn sessions(&self, user: UserRef) -> Result<(), AdminError> {
        let id = self.id_of(user).await?;
        let page = ListRequest {
            seek: Seek::START,
            limit: MAX_LIMIT,
            count: false,
        };
        let sessions = self.accounts.sessions(self.operator.clone(), id, page);
        let sessions = sessions.await?.items;
        let mut out = io::stdout().lock();
        for session in &sessions {
            writeln!(
                out,
                "{}  since {}  last used {}  {}  {}",
                session.id,
                minute(session.created_at),
                minute(session.last_used_at),
                session.network.as_deref().unwrap_or("-"),
                session.device_name.as_deref().unwrap_or("-"),
            )?;
        }
        if sessions.len() == MAX_LIMIT as usize {
            let mut hint = io::stderr().lock();
            writeln!(
                hint,
                "there may be more: these are the {MAX_LIMIT} used last"
            )?;
        }
        Ok(())
    }

    async fn id_of(&self, user: UserRef) -> Result<UserId, AdminError> {
        match user {
            UserRef::Id(id) => Ok(id),
            UserRef::Email(email) => Ok(self.accounts.find(self.operator.clone(), email).await?.id),
        }
    }

    /// Reads and prints page by page, so memory is bounded.
    async fn list(&self, which: ListArguments) -> Result<(), AdminError> {
        let filter = which.filter();
        let mut left = if which.all { u32::MAX } else { which.limit };
        let mut seek = Seek::START;
        let mut out = io::stdout().lock();
        loop {
            let page = ListRequest {
                seek,
                limit: left.min(MAX_LIMIT),
                count: false,
            };
            let by = self.operator.clone();
            let page = self.accounts.list(by, filter.clone(), page).await?;
            let mut shown = page.items.iter();
            match shown.try_for_each(|user| which.show(&mut out, user)) {
                // The reader has closed the pipe, as `head` does.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                outcome => outcome?,
            }
            left = left.saturating_sub(page.items.len() as u32);
            let Some(last) = page.items.last().filter(|_| page.after) else {
                return Ok(());
            };
            if left == 0 {
                writeln!(io::stderr(), "there are more: --all shows them")?;
                return Ok(());
            }
            seek = Seek::After(Some(TimePosition {
                at: last.created_at,
                id: last.id,
            }));
        }
    }
}

impl CreateArguments {
    fn draft(self) -> Result<UserDraft, AdminError> {
        Ok(UserDraft {
            email: self.email,
            password: new_password(self.password_stdin)?,
            firstname: self.firstname,
            middlename: self.middlename,
            lastname: self.lastname,
            phone: self.phone,
        })
    }
}

impl ListArguments {
    fn filter(&self) -> UserFilter {
        UserFilter {
            starts_with: self.starts_with.clone(),
            groups: self.group.iter().cloned().collect(),
            is_active: match (self.active, self.suspended) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            verifications: self.verification.into_iter().collect(),
            created_after: self.created_after,
        }
    }

    fn show(&self, out: &mut impl Write, user: &User) -> io::Result<()> {
        if self.json {
            serde_json::to_writer(&mut *out, &UserDocument::from(user.clone()))?;
            return writeln!(out);
        }
        writeln!(
            out,
            "{}  {}  {:9}  {}  {} {}  {}",
            user.id,
            user.created_at.format("%F"),
            if user.is_active {
                "active"
            } else {
                "suspended"
            },
            user.email.as_str(),
            user.firstname.as_str(),
            user.lastname.as_str(),
            user.groups.join(",")
        )
    }
}

/// An account in lines of a key and a value.
struct Shown<'a>(&'a AccountOverview);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AccountOverview { user, .. } = self.0;
        let names = [
            Some(&user.firstname),
            user.middlename.as_ref(),
            Some(&user.lastname),
        ];
        let names = names.into_iter().flatten().map(PersonName::as_str);
        writeln!(f, "account       {}", user.id)?;
        writeln!(f, "name          {}", names.collect::<Vec<_>>().join(" "))?;
        if let Some(phone) = &user.phone {
            writeln!(f, "phone         {}", phone.as_str())?;
        }
        writeln!(f, "made          {}", minute(user.created_at))?;
        writeln!(f, "state         {}", self.state())?;
        writeln!(f, "verification  {}", user.verification.name())?;
        for email in &self.0.emails {
            let kind = if email.is_primary {
                "primary"
            } else {
                "further"
            };
            let proof = email.verified_at.map_or("not verified", |_time| "verified");
            writeln!(
                f,
                "address       {} ({kind}, {proof})",
                email.email.as_str()
            )?;
        }
        let groups: Vec<String> = self.0.memberships.iter().map(membership).collect();
        writeln!(f, "groups        {}", listed(&groups))?;
        for assignment in &self.0.assignments {
            writeln!(f, "role          {}", term_of(assignment))?;
        }
        match self.0.totp_since {
            None => writeln!(f, "second factor none")?,
            Some(since) => writeln!(
                f,
                "second factor since {}, {} recovery codes left",
                minute(since),
                self.0.recovery_codes_left
            )?,
        }
        match self.0.sessions {
            Total::Exactly(sessions) => writeln!(f, "log-ins       {sessions}"),
            Total::AtLeast(sessions) => writeln!(f, "log-ins       at least {sessions}"),
        }
    }
}

impl Shown<'_> {
    fn state(&self) -> String {
        let overview = self.0;
        let mut state = match (overview.user.is_active, overview.is_deactivated) {
            (false, _) => "suspended".to_owned(),
            (true, true) => "deactivated by its owner".to_owned(),
            (true, false) => "active".to_owned(),
        };
        if overview.user.is_superuser {
            state.push_str(", superuser");
        }
        if let Some(due) = overview.erasure_due {
            state.push_str(&format!(", to be erased on {}", minute(due)));
        }
        state
    }
}

fn term_of(assignment: &Assignment) -> String {
    let place = match assignment.scope.chapter() {
        Some(chapter) => format!(" in chapter {chapter}"),
        None => String::new(),
    };
    format!("{}{place}{}", assignment.role, end(assignment.term.until()))
}

fn membership(membership: &Membership) -> String {
    format!("{}{}", membership.group, end(membership.valid_until))
}

fn end(until: Option<DateTime<Utc>>) -> String {
    match until {
        Some(until) => format!(" until {}", minute(until)),
        None => String::new(),
    }
}

fn listed(names: &[String]) -> String {
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

pub(super) fn minute(time: DateTime<Utc>) -> impl Display {
    time.format("%FT%H:%MZ")
}

fn described(user: &User) -> String {
    format!("{} ({})", user.email.as_str(), user.id)
}

fn say(text: fmt::Arguments<'_>) -> Result<(), AdminError> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

fn parse_user(text: &str) -> Result<UserRef, String> {
    match Uuid::try_parse(text) {
        Ok(id) => Ok(UserRef::Id(id.into())),
        Err(_no_uuid) => match EmailAddress::parse(text) {
            Ok(email) => Ok(UserRef::Email(email)),
            Err(_no_address) => Err("must be an e-mail address or a UUID".to_owned()),
        },
    }
}

fn parse_name(text: &str) -> Result<PersonName, String> {
    PersonName::parse(text).map_err(|rule| rule.to_string())
}

fn parse_phone(text: &str) -> Result<PhoneNumber, String> {
    PhoneNumber::parse(text).map_err(|rule| rule.to_string())
}

fn parse_group(text: &str) -> Result<GroupName, String> {
    GroupName::parse(text).map_err(|rule| rule.to_string())
}

fn parse_verification(text: &str) -> Result<Verification, String> {
    let states = "must be unverified, pending, verified or revoked";
    Verification::from_name(text).ok_or_else(|| states.to_owned())
}
