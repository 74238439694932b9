//! Background jobs on real workers: leases, fencing, retries, schedules, lanes.

mod administration;
mod ends;
mod rig;
mod sharing;
mod tasks;
