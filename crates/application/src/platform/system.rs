//! Clock and random ids of the operating system.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use crate::platform::ports::{Clock, Ids};

#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn random(&self) -> Uuid {
        Uuid::new_v4()
    }

    fn time_ordered(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn secret(&self) -> [u8; 32] {
        rand::random()
    }
}
