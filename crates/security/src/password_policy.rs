//! How good a password must be: how soon a program that knows what people choose would guess it.

use abu_application::ports::{PasswordPolicy, PasswordWeakness};
use abu_domain::text::{NewPassword, PersonalWords};
use secrecy::ExposeSecret;
use zxcvbn::{Score, zxcvbn};

/// Judges by zxcvbn, which knows words, names, dates, keyboard patterns and common passwords. It looks
/// at the first hundred characters, so the work is bounded.
#[derive(Clone, Copy, Debug)]
pub struct GuessingPolicy {
    least: Score,
}

impl GuessingPolicy {
    /// Demands at least this score: 0 takes every password, 4 only what no program guesses.
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
    use abu_domain::text::{EmailAddress, PersonName};
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
    fn what_a_program_guesses_soon_is_refused_with_advice() {
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
    fn the_operator_decides_how_much_is_enough() {
        assert_eq!(judged(0, "1234567890"), Ok(()));
        assert!(judged(4, "samaru 1962").is_err());
    }

    #[test]
    fn what_others_know_of_somebody_is_refused_however_long_it_is() {
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
