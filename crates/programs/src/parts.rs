//! Parts that the server and `abu-admin` wire alike.

use std::{sync::Arc, time::Duration};

use abu_application::{
    BlockingPool, alumni::imports::ImportPolicy, platform::rate_limits::RateLimits,
};
use abu_register_csv::CsvFiles;
use abu_security::derive_key;
use abu_settings::Settings;
use secrecy::{ExposeSecret, SecretString};

/// The deadline for a place among the uploads.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Uploads that are written to disk at one time.
const UPLOADS: usize = 4;

pub fn import_policy(settings: &Settings) -> ImportPolicy {
    ImportPolicy {
        parser: Arc::new(CsvFiles),
        max_bytes: settings.imports.max_bytes,
        disk: BlockingPool::new(UPLOADS, UPLOAD_TIMEOUT),
    }
}

pub fn rate_limits(settings: &Settings, secret: &SecretString) -> RateLimits {
    let key = derive_key(secret.expose_secret().as_bytes(), RateLimits::KEY_LABEL);
    RateLimits::new(settings.rate_limits, key)
}
