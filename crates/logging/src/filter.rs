//! Log filters in `env_logger`'s syntax, without its bare module names.

use log::LevelFilter;

/// A valid filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

#[derive(Debug, thiserror::Error)]
#[error(
    "must be a level (error, warn, info, debug, trace, off), or module=level, separated by commas"
)]
pub struct FilterError;

impl Filter {
    /// Refuses a bare word that is not a level: `env_logger` takes `warning` for a module's name, and then
    /// logs nothing else.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        env_filter::Builder::new()
            .try_parse(text)
            .map_err(|_unknown| FilterError)?;
        let directives = text.split('/').next().unwrap_or_default();
        let is_clear = |directive: &str| {
            let is_module_with_level = directive.split_once('=').is_some_and(|(module, level)| {
                !module.trim().is_empty() && !level.trim().is_empty()
            });
            is_module_with_level || directive.parse::<LevelFilter>().is_ok()
        };
        match directives.split(',').map(str::trim).all(is_clear) {
            true => Ok(Self(text.to_owned())),
            false => Err(FilterError),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn build(&self) -> env_filter::Filter {
        env_filter::Builder::new().parse(&self.0).build()
    }
}

/// Warnings and errors of all modules.
impl Default for Filter {
    fn default() -> Self {
        Self("warn".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_alone_and_by_module_are_filters() {
        for text in [
            "warn",
            "INFO",
            "off",
            "info,actix_server=warn",
            "abu_app=debug, abu_mail::worker=trace",
            "info/outbox",
        ] {
            assert_eq!(Filter::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for text in [
            "",
            "warning",
            "abu_app",
            "info,verbose",
            "abu_app=warning",
            "abu_app=",
            "=info",
            "info,",
            "a=b=c",
            "info/a/b",
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }
}
