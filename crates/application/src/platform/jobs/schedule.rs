use chrono::NaiveTime;

/// A time of day, for the constants of schedules. Midnight where there is no such time.
pub const fn time_of_day(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}
