//! Password strength estimation with zxcvbn.

use abu_application::identity::ports::{PasswordPolicy, PasswordWeakness};
use abu_domain::identity::text::{NewPassword, PersonalWords};
use secrecy::ExposeSecret;
use zxcvbn::{Score, zxcvbn};

/// zxcvbn knows words, names, dates, keyboard patterns and common passwords. It reads the first 100
/// characters, which bounds the work.
#[derive(Clone, Copy, Debug)]
pub struct GuessingPolicy {
    least: Score,
}

impl GuessingPolicy {
    /// `least` is a zxcvbn score: 0 accepts every password, 4 only what no program guesses.
    pub fn new(least: u8) -> Self {
        let least = match least {
            0 => Score::Zero,
            1 => Score::One,
            2 => Score::Two,
            3 => Score::Three,
            _ => Score::Four,
        };
        Self { least }
    }
}

impl PasswordPolicy for GuessingPolicy {
    fn judge(
        &self,
        password: &NewPassword,
        personal: &PersonalWords,
    ) -> Result<(), PasswordWeakness> {
        if personal.are_in(password) {
            return Err(PasswordWeakness::Personal);
        }
        let known: Vec<&str> = personal.as_slice().iter().map(String::as_str).collect();
        let judged = zxcvbn(password.secret().expose_secret(), &known);
        if judged.score() >= self.least {
            return Ok(());
        }
        let advice = judged.feedback().map(|feedback| {
            let warning = feedback.warning().map(|warning| warning.to_string());
            let suggestions = feedback.suggestions().iter().map(ToString::to_string);
            warning.into_iter().chain(suggestions).collect::<Vec<_>>()
        });
        Err(PasswordWeakness::Guessable {
            advice: advice
                .filter(|sentences| !sentences.is_empty())
                .map(|sentences| sentences.join(" ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use abu_domain::platform::text::{EmailAddress, PersonName};
    use proptest::{prelude::any, proptest};
    use secrecy::SecretString;

    use super::*;

    fn password(text: &str) -> NewPassword {
        NewPassword::parse(SecretString::from(text)).unwrap()
    }

    fn amina() -> PersonalWords {
        let email = EmailAddress::parse("amina.b@example.com").unwrap();
        let names = ["Amina", "Bello"].map(|name| PersonName::parse(name).unwrap());
        PersonalWords::of(&email, &names)
    }

    fn judged(least: u8, text: &str) -> Result<(), PasswordWeakness> {
        GuessingPolicy::new(least).judge(&password(text), &amina())
    }

    #[test]
    fn guessable_passwords_are_refused_with_advice() {
        for text in [
            "password123",
            "qwertyuiop",
            "1234567890",
            "aaaaaaaaaaaa",
            "P@ssw0rd2024",
            "letmein2024",
        ] {
            let Err(PasswordWeakness::Guessable { advice }) = judged(3, text) else {
                panic!("{text} is accepted")
            };
            let advice = advice.unwrap();
            assert!(advice.ends_with('.'), "{advice}");
            assert!(!advice.contains(text), "{advice}");
        }
    }

    #[test]
    fn a_few_uncommon_words_are_accepted() {
        for text in [
            "correct horse battery",
            "ƙarfe mai ƙarfi",
            "samaru-campus-1",
            "kongo-campus-2",
        ] {
            assert_eq!(judged(3, text), Ok(()), "{text}");
        }
    }

    #[test]
    fn the_minimum_score_is_a_setting() {
        assert_eq!(judged(0, "1234567890"), Ok(()));
        assert!(judged(4, "kaduna 1962").is_err());
    }

    #[test]
    fn personal_words_are_refused_in_a_password_of_any_length() {
        let refused = Err(PasswordWeakness::Personal);
        for text in [
            "correct horse AMINA battery",
            "x9$k bello 2f!q",
            "zz amina.b zz 81!",
        ] {
            assert_eq!(judged(0, text), refused, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_password_is_judged(text in any::<String>()) {
            if let Ok(password) = NewPassword::parse(SecretString::from(text)) {
                let _judged = GuessingPolicy::new(3).judge(&password, &amina());
            }
        }
    }
}
