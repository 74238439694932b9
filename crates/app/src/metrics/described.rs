//! Names and meanings of all metrics; `docs/operating.md` lists them for operators.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

pub(super) fn describe() {
    describe_counters();
    describe_histograms();
    describe_gauges();
    metrics_process::Collector::default().describe();
}

fn describe_counters() {
    describe_counter!(
        "abu_http_requests_total",
        "Answered requests, by method, route and status"
    );
    describe_counter!("abu_rate_limited_total", "Requests answered 429, by policy");
    describe_counter!(
        "abu_directory_alerts_total",
        "Accounts that read four fifths of their daily directory cards"
    );
    describe_counter!(
        "abu_directory_repairs_total",
        "Search rows that differed from their profiles, as the nightly check found them"
    );
    describe_counter!("abu_messages_stored_total", "Committed messages");
    describe_counter!(
        "abu_chat_deliveries_total",
        "Packets handed to the outboxes of a room's sessions"
    );
    describe_counter!(
        "abu_chat_closed_total",
        "Chat sessions that ended with a close frame, by its code"
    );
    describe_counter!("abu_log_ins_failed_total", "Failed log-ins, by reason");
    describe_counter!(
        "abu_mails_total",
        "Attempted deliveries of mail, by outcome"
    );
    describe_counter!(
        "abu_jobs_total",
        "Turns of workers with background jobs, by kind and outcome"
    );
}

fn describe_histograms() {
    describe_histogram!(
        "abu_http_request_seconds",
        Unit::Seconds,
        "Time from a request's head to the end of its answer, by route"
    );
    describe_histogram!(
        "abu_message_commit_seconds",
        Unit::Seconds,
        "Time of a transaction that stores a batch of messages and changes"
    );
    describe_histogram!(
        "abu_database_wait_seconds",
        Unit::Seconds,
        "Time a use case waits for a place in the database pool"
    );
    describe_histogram!(
        "abu_job_step_seconds",
        Unit::Seconds,
        "Time of a step of a background job, by kind"
    );
}

fn describe_gauges() {
    describe_gauge!("abu_build_info", "1, with version and commit as labels");
    describe_gauge!("abu_ready", "1 while /health/ready answers 200");
    describe_gauge!("abu_chat_sessions", "Open chat sessions");
    describe_gauge!(
        "abu_writer_queue_length",
        "Messages and changes that are not committed yet"
    );
    describe_gauge!(
        "abu_writer_oldest_seconds",
        Unit::Seconds,
        "Age of the oldest of them"
    );
    describe_gauge!(
        "abu_database_connections",
        "Connections of the pool, by state"
    );
    describe_gauge!("abu_mails_pending", "Mails that wait for their delivery");
    describe_gauge!("abu_mails_dead", "Dead letters");
    describe_gauge!(
        "abu_erasures_scheduled",
        "Erasures of accounts whose time has not come"
    );
    describe_gauge!(
        "abu_erasures_due",
        "Erasures of accounts that are under way or about to begin"
    );
    describe_gauge!(
        "abu_erasures_overdue",
        "Erasures that are not done two days after their time"
    );
    describe_gauge!(
        "abu_mail_oldest_seconds",
        Unit::Seconds,
        "Time since the oldest pending mail was due"
    );
    describe_gauge!(
        "abu_claims_overdue",
        "Claims that the alumni office should have decided"
    );
    describe_gauge!(
        "abu_jobs_pending",
        "Background jobs that wait or run, by lane"
    );
    describe_gauge!(
        "abu_job_oldest_seconds",
        Unit::Seconds,
        "Time since the oldest waiting job of the lane was due"
    );
    describe_gauge!("abu_jobs_dead", "Background jobs that were given up");
    describe_gauge!("abu_audit_head", "Place of the newest audit entry");
    describe_gauge!(
        "abu_embedded_postgres_up",
        "Whether the private PostgreSQL runs; absent with database.url"
    );
}
