//! Preparation of a database at start: migrations, seeds, and the first administrator.

use std::sync::Arc;

use abu_application::{
    access::Server,
    alumni::reference::LoadError,
    identity::setup::{Bootstrapped, Setup, SetupError, SuperuserDraft, SuperuserOutcome},
    platform::ports::StoreError,
};
use abu_domain::{
    access::{GroupName, SEEDED_GROUPS},
    identity::text::NewPassword,
    platform::text::EmailAddress,
};
use abu_repository::{
    inspection::InspectionError,
    migrations::{self, MigrationError},
    server_lock::ServerLockError,
};
use secrecy::SecretString;

use abu_security::{SecretStore, SecretStoreError, StoredSecret};
use abu_settings::{Environment, Settings};

use super::{inspect, reference_data, reference_data::ReferenceDataError};
use crate::exit_code;

/// Prepares a database for the server; idempotent.
pub(crate) struct Preparation {
    pub(crate) settings: Arc<Settings>,
    pub(crate) url: SecretString,
    pub(crate) setup: Setup,
    pub(crate) secrets: SecretStore,
}

#[derive(Debug, thiserror::Error)]
pub enum PreparationError {
    /// Migrations are pending, and `database.migrate_on_start` is off.
    #[error(
        "the database lacks {} of this release's migrations ({}); run `abu-admin migrate`, or set \
         database.migrate_on_start",
        .0.len(), .0.join(", ")
    )]
    PendingMigrations(Vec<String>),
    #[error(transparent)]
    Inspection(#[from] InspectionError),
    #[error(transparent)]
    ServerLock(#[from] ServerLockError),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error("the first administrator could not be made: {0}")]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Secrets(#[from] SecretStoreError),
    #[error("the reference data could not be loaded: {0}")]
    ReferenceData(#[from] ReferenceDataError),
}

impl PreparationError {
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::PendingMigrations(_)
            | Self::Migration(MigrationError::Newer { .. } | MigrationError::NotOurs(_)) => {
                exit_code::MIGRATIONS
            }
            Self::Migration(MigrationError::NoSuchVersion(_)) => exit_code::USAGE,
            Self::Setup(SetupError::PasswordMissing)
            | Self::Inspection(InspectionError::Encoding(_) | InspectionError::Pooler(_))
            | Self::Migration(MigrationError::Pooler(_) | MigrationError::ServerRuns)
            | Self::ServerLock(ServerLockError::Held(_) | ServerLockError::Pooler(_)) => {
                exit_code::CONFIGURATION
            }
            error if error.may_pass() => exit_code::DATABASE,
            _ => exit_code::FAILED,
        }
    }

    /// Whether a retry may succeed.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Inspection(InspectionError::Unavailable(_))
            | Self::Migration(MigrationError::Unavailable(_) | MigrationError::Locked(_))
            | Self::ServerLock(ServerLockError::Busy(_) | ServerLockError::Unavailable(_)) => true,
            Self::Setup(SetupError::Store(error))
            | Self::Store(error)
            | Self::ReferenceData(
                ReferenceDataError::Store(error)
                | ReferenceDataError::Load(LoadError::Store(error)),
            ) => error.is_transient(),
            _ => false,
        }
    }
}

impl Preparation {
    /// Migrates if the settings allow it, and bootstraps outside production. In production
    /// `abu-admin bootstrap` does that. Blocks.
    pub(crate) fn run(&self) -> Result<(), PreparationError> {
        inspect(&self.url)?;
        if self.settings.database.migrate_on_start {
            migrations::run(&self.url)?;
        } else {
            require_migrated(&self.url)?;
        }
        match self.settings.environment {
            Environment::Production => {
                self.warn_of_unseeded()?;
                self.warn_of_outdated_reference_data()?;
            }
            _ => {
                self.bootstrap()?;
                self.load_reference_data()?;
            }
        }
        self.warn_of_automatic_escalations()?;
        self.warn_of_email_conflicts()?;
        self.warn_of_unknown_groups()
    }

    fn warn_of_email_conflicts(&self) -> Result<(), PreparationError> {
        const ENOUGH: u32 = 1_000;
        let accounts = self.setup.email_conflicts(ENOUGH)?;
        if accounts > 0 {
            log::warn!(
                accounts = accounts;
                "accounts cannot log in by their address, because another account holds it; \
                 `abu-admin user conflicts` lists them"
            );
        }
        Ok(())
    }

    /// Each new account would hold these permissions.
    fn warn_of_automatic_escalations(&self) -> Result<(), PreparationError> {
        let given = self.setup.automatic_escalations()?;
        if !given.is_empty() {
            log::warn!(
                "every account gets permissions that raise rights ({}) by applicant_group or \
                 verified_alumni_group; remove them from the groups' roles",
                given.join(", ")
            );
        }
        Ok(())
    }

    /// A new release may check permissions that are not seeded yet; until then only superusers hold
    /// them.
    fn warn_of_unseeded(&self) -> Result<(), PreparationError> {
        let unseeded: Vec<_> = self.setup.unseeded_permissions()?.into_iter().collect();
        if !unseeded.is_empty() {
            log::warn!(
                "the database lacks {} of the permissions that this release asks for ({}); run \
                 `abu-admin bootstrap`",
                unseeded.len(),
                unseeded.join(", ")
            );
        }
        Ok(())
    }

    fn warn_of_outdated_reference_data(&self) -> Result<(), PreparationError> {
        let outdated = reference_data::outdated(&*self.setup.store)?;
        if !outdated.is_empty() {
            let names: Vec<&str> = outdated.iter().map(|kind| kind.name()).collect();
            log::warn!(
                "the reference data of this release are not loaded ({}); run `abu-admin bootstrap`",
                names.join(", ")
            );
        }
        Ok(())
    }

    fn load_reference_data(&self) -> Result<(), PreparationError> {
        let loaded = reference_data::load(Arc::clone(&self.setup.store), &Server)?;
        for ambiguous in loaded.iter().flat_map(|list| &list.ambiguous) {
            log::warn!("imports cannot tell entries of reference data apart: {ambiguous}");
        }
        Ok(())
    }

    /// A misspelled group name would require TOTP of no user.
    fn warn_of_unknown_groups(&self) -> Result<(), PreparationError> {
        let named = self.settings.auth.totp_required_groups.iter();
        // Seeding creates the others.
        let own = named.filter(|name| {
            SEEDED_GROUPS
                .iter()
                .all(|group| group.name != name.as_str())
        });
        let groups: Vec<_> = own.flat_map(|name| GroupName::parse(name)).collect();
        for unknown in self.setup.unknown_groups(&groups)? {
            log::warn!(
                "auth.totp_required_groups names {unknown}, which is no group: it requires one-time \
                 passwords of no user"
            );
        }
        Ok(())
    }

    fn bootstrap(&self) -> Result<(), PreparationError> {
        let superuser = &self.settings.superuser;
        let (Some(email), Some(firstname), Some(lastname)) =
            (&superuser.email, &superuser.firstname, &superuser.lastname)
        else {
            log::warn!("no administrator was made: superuser.email is not set");
            return Ok(());
        };
        let draft = SuperuserDraft {
            email: email.clone(),
            password: self.first_password(email)?,
            firstname: firstname.clone(),
            lastname: lastname.clone(),
        };
        let done = self.setup.bootstrap(&Server, &draft)?;
        log_bootstrapped(done);
        Ok(())
    }

    /// The configured or a generated password; `None` for an account that has one.
    fn first_password(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<NewPassword>, PreparationError> {
        if let Some(configured) = &self.settings.superuser.password {
            return Ok(Some(configured.clone()));
        }
        if self.setup.has_account(email).map_err(SetupError::Store)? {
            return Ok(None);
        }
        let made = self
            .secrets
            .get_or_make(StoredSecret::SuperuserPassword, &*self.setup.ids)?;
        // A generated secret satisfies the password rules; `None` if the file was changed.
        Ok(NewPassword::parse(made).ok())
    }
}

/// Rejects pending migrations. Accepts migrations of a newer release: each release's migrations
/// keep the previous release working.
pub(crate) fn require_migrated(url: &SecretString) -> Result<(), PreparationError> {
    let state = migrations::state(url)?;
    if !state.unknown.is_empty() {
        log::warn!(
            "the database was migrated by a newer release: {:?}",
            state.unknown
        );
    }
    match state.pending.is_empty() {
        true => Ok(()),
        false => Err(PreparationError::PendingMigrations(state.pending)),
    }
}

fn log_bootstrapped(done: Bootstrapped) {
    let created = done.superuser == SuperuserOutcome::Created;
    if created || done.access_rows_added > 0 {
        log::info!(
            access_rows = done.access_rows_added, administrator_made = created;
            "the database has what every installation starts with"
        );
    }
}
