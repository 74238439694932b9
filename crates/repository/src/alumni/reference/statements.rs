//! The statements of each table.

use abu_domain::alumni::reference::Kind;

pub(super) struct Statements {
    /// Head and entries of the list.
    pub(super) list: &'static str,
    /// The entry whose code is `?`, as a list of one.
    pub(super) entry: &'static str,
    /// `?, ?, ?` are the rows, `edited_at` and now.
    pub(super) insert: &'static str,
    /// `?, ?, ?` are the rows, `edited_at` and now.
    pub(super) update: &'static str,
    /// `?` are the rows.
    pub(super) successors: &'static str,
}

/// The entries of a table. `first` and `second` are what only its kind has.
macro_rules! entries_of {
    ($table:literal, $first:literal, $second:literal, $joins:literal) => {
        concat!(
            "SELECT '", $table, "' AS kind, own.id, own.code, own.name, own.aliases, own.valid_from,
                    own.valid_until, successor.code AS successor, own.confirmed_by, own.edited_at,
                    own.created_at, own.last_modified, ", $first, " AS first, ", $second, " AS second
             FROM ", $table, " AS own
             LEFT JOIN ", $table, " AS successor ON successor.id = own.successor_id ", $joins
        )
    };
}

/// The rows of [`NewRow`](super::row::NewRow)s.
macro_rules! new_rows {
    () => {
        "json_to_recordset(CAST(? AS json)) AS new (
             code text, name text, aliases text[], valid_from date, valid_until date, successor text,
             confirmed_by text, first text, second text)"
    };
}

macro_rules! statements {
    (
        $table:literal,
        reads: ($first:literal, $second:literal, $read_joins:literal),
        // The columns of its own, their values, and the changes to them.
        writes: ($columns:literal, $values:literal, $changes:literal, $write_joins:literal),
    ) => {
        Statements {
            list: concat!(
                "SELECT head.kind, head.version, head.file_version, head.source, head.retrieved,
                        head.last_modified, (
                            SELECT coalesce(json_agg(entry ORDER BY entry.id), '[]')::text
                            FROM (", entries_of!($table, $first, $second, $read_joins), ") AS entry)
                 FROM reference_lists AS head WHERE head.kind = '", $table, "'"
            ),
            entry: concat!(
                "SELECT coalesce(json_agg(entry), '[]')::text
                 FROM (", entries_of!($table, $first, $second, $read_joins), " WHERE own.code = ?) AS entry"
            ),
            insert: concat!(
                "INSERT INTO ", $table, " (code, name, aliases, valid_from, valid_until, confirmed_by,
                     edited_at, created_at, last_modified", $columns, ")
                 SELECT new.code, new.name, new.aliases, new.valid_from, new.valid_until, new.confirmed_by,
                        clock.edited_at, clock.now, clock.now", $values, "
                 FROM ", new_rows!(), "
                 CROSS JOIN (VALUES (CAST(? AS timestamptz), CAST(? AS timestamptz))) AS clock (edited_at, now) ",
                $write_joins
            ),
            update: concat!(
                "UPDATE ", $table, " AS own
                 SET name = new.name, aliases = new.aliases, valid_from = new.valid_from,
                     valid_until = new.valid_until, confirmed_by = new.confirmed_by,
                     edited_at = coalesce(clock.edited_at, own.edited_at),
                     last_modified = greatest(clock.now, own.last_modified + interval '1 microsecond')",
                $changes, "
                 FROM ", new_rows!(), "
                 CROSS JOIN (VALUES (CAST(? AS timestamptz), CAST(? AS timestamptz))) AS clock (edited_at, now) ",
                $write_joins, "
                 WHERE own.code = new.code"
            ),
            successors: concat!(
                "UPDATE ", $table, " AS own SET successor_id = successor.id
                 FROM ", new_rows!(), "
                 LEFT JOIN ", $table, " AS successor ON successor.code = new.successor
                 WHERE own.code = new.code AND own.successor_id IS DISTINCT FROM successor.id"
            ),
        }
    };
}

const FACULTIES: Statements = statements! {
    "faculties",
    reads: ("NULL", "NULL", ""),
    writes: ("", "", "", ""),
};
const DEPARTMENTS: Statements = statements! {
    "departments",
    reads: ("faculties.code", "NULL", "JOIN faculties ON faculties.id = own.faculty_id"),
    writes: (
        ", faculty_id", ", faculties.id", ", faculty_id = faculties.id",
        "LEFT JOIN faculties ON faculties.code = new.first"
    ),
};
const DEGREES: Statements = statements! {
    "degrees",
    reads: ("own.level", "own.abbreviation", ""),
    writes: (
        ", level, abbreviation", ", new.first, new.second",
        ", level = new.first, abbreviation = new.second", ""
    ),
};
const PROGRAMMES: Statements = statements! {
    "programmes",
    reads: (
        "departments.code", "degrees.code",
        "JOIN departments ON departments.id = own.department_id JOIN degrees ON degrees.id = own.degree_id"
    ),
    writes: (
        ", department_id, degree_id", ", departments.id, degrees.id",
        ", department_id = departments.id, degree_id = degrees.id",
        "LEFT JOIN departments ON departments.code = new.first
         LEFT JOIN degrees ON degrees.code = new.second"
    ),
};
const STATES: Statements = statements! {
    "states",
    reads: ("own.zone", "own.iso_code", ""),
    writes: (
        ", zone, iso_code", ", new.first, new.second", ", zone = new.first, iso_code = new.second", ""
    ),
};
const COUNTRIES: Statements = statements! {
    "countries",
    reads: ("NULL", "NULL", ""),
    writes: ("", "", "", ""),
};
const INDUSTRIES: Statements = statements! {
    "industries",
    reads: ("own.section", "NULL", ""),
    writes: (", section", ", new.first", ", section = new.first", ""),
};

pub(super) fn of(kind: Kind) -> &'static Statements {
    match kind {
        Kind::Faculties => &FACULTIES,
        Kind::Departments => &DEPARTMENTS,
        Kind::Degrees => &DEGREES,
        Kind::Programmes => &PROGRAMMES,
        Kind::States => &STATES,
        Kind::Countries => &COUNTRIES,
        Kind::Industries => &INDUSTRIES,
    }
}

/// Every entry of every list.
pub(super) const CATALOGUE: &str = concat!(
    "SELECT coalesce(json_agg(entry ORDER BY entry.id), '[]')::text FROM (",
    entries_of!("faculties", "NULL", "NULL", ""),
    " UNION ALL ",
    entries_of!(
        "departments",
        "faculties.code",
        "NULL",
        "JOIN faculties ON faculties.id = own.faculty_id"
    ),
    " UNION ALL ",
    entries_of!("degrees", "own.level", "own.abbreviation", ""),
    " UNION ALL ",
    entries_of!(
        "programmes",
        "departments.code",
        "degrees.code",
        "JOIN departments ON departments.id = own.department_id JOIN degrees ON degrees.id = own.degree_id"
    ),
    " UNION ALL ",
    entries_of!("states", "own.zone", "own.iso_code", ""),
    " UNION ALL ",
    entries_of!("countries", "NULL", "NULL", ""),
    " UNION ALL ",
    entries_of!("industries", "own.section", "NULL", ""),
    ") AS entry"
);
