//! How to reach people, as far as the register knows.

use abu_domain::alumni::names::fold;
use chrono::NaiveDate;

use crate::{draw::Draw, names::FullName};

/// Reserved for examples by RFC 2606.
const HOSTS: [&str; 4] = [
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
];

/// Of 100 people who graduated in the year, how many the register has this of.
struct Shares {
    email: u32,
    phone: u32,
    date_of_birth: u32,
}

fn shares(year: i16) -> Shares {
    let (email, phone, date_of_birth) = match year {
        ..1990 => (4, 5, 20),
        1990..2005 => (20, 15, 60),
        2005..2015 => (45, 40, 80),
        _ => (75, 70, 90),
    };
    Shares {
        email,
        phone,
        date_of_birth,
    }
}

#[derive(Default)]
pub(crate) struct Contact {
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) date_of_birth: Option<NaiveDate>,
}

impl Contact {
    /// `number` makes the address unique.
    pub(crate) fn draw(name: &FullName, year: i16, number: u64, draw: &mut Draw) -> Self {
        let shares = shares(year);
        let has =
            [shares.email, shares.phone, shares.date_of_birth].map(|share| draw.percent(share));
        let host = draw.pick(&HOSTS);
        let (subscriber, is_national) = (draw.below(10_000_000), draw.percent(60));
        let (age, day) = (22 + draw.below(9) as i32, draw.below(365) as u32);
        Self {
            email: has[0].then(|| address(&name.given, &name.surname, number, host)),
            phone: has[1].then(|| phone(subscriber, is_national)),
            date_of_birth: has[2]
                .then(|| NaiveDate::from_yo_opt(i32::from(year) - age, day + 1))
                .flatten(),
        }
    }
}

pub(crate) fn address(given: &str, surname: &str, number: u64, host: &str) -> String {
    let word = |text: &str| fold(text).replace(' ', "");
    format!("{}.{}{number}@{host}", word(given), word(surname))
}

/// No network of Nigeria has numbers that begin with 0699.
fn phone(subscriber: u64, is_national: bool) -> String {
    let (area, line) = (subscriber / 10_000, subscriber % 10_000);
    match is_national {
        true => format!("0699 {area:03} {line:04}"),
        false => format!("+234699{area:03}{line:04}"),
    }
}
