//! Hostile and broken rows: each has exactly one verdict, and none changes another's.

use crate::support::{rows, verdicts};

const HEADER: &str = "Surname,First name,Matric,Department,Degree,Year,Class,Email,Phone,DOB";

/// Rows of a file, each with its defects as storage keeps them; none if it is fine.
fn cases() -> Vec<(Vec<u8>, &'static str)> {
    let long = |count: usize| "x".repeat(count);
    let texts: Vec<(String, &'static str)> = [
        // Fine, in ways that look broken.
        (
            "Bello,Musa,U15CS1070,CS,BSC,2015,First,m@example.com,08031234567,7/3/1985",
            "",
        ),
        ("\"Bello\",\"Musa \"\"Ali\"\"\",1,CS,BSC,2015,,,,", ""),
        (
            "\"Bello\",\"Musa\",\"1\",\"CS\",\"BSC\",\"2015\",\"\",\"\",\"\",\"\"",
            "",
        ),
        (" Bello , Musa ,0012/85,cs,bsc,2014/2015,,,,", ""),
        ("Sa'adatu,Birnin-Kudu,1,CS,BSC,2015,,,,", ""),
        ("Ṣọlá,Ɗan’iya,1,CS,BSC,2015,,,,", ""),
        ("Bello,Musa,,CS,BSC,2015,,,,", ""),
        ("Bello,Musa,1,,BSC,2015,,,,", ""),
        ("Bello,Musa,nil,CS,BSC,2015,N/A,-,none,#N/A", ""),
        ("O\"Brien,Musa,1,CS,BSC,2015,,,,", ""),
        ("'Yaradua,Musa,'0012/85,CS,BSC,2015,,,'08031234567,", ""),
        // Formulas.
        (
            "=HYPERLINK(\"http://x\"),Musa,1,CS,BSC,2015,,,,",
            "surname:formula:",
        ),
        (
            "\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",Musa,1,CS,BSC,2015,,,,",
            "surname:formula:",
        ),
        ("Bello,+Musa,1,CS,BSC,2015,,,,", "given_names:formula:"),
        ("-Bello,Musa,1,CS,BSC,2015,,,,", "surname:formula:"),
        ("@SUM(A1),Musa,1,CS,BSC,2015,,,,", "surname:formula:"),
        ("\tBello,Musa,1,CS,BSC,2015,,,,", "surname:formula:"),
        ("＝1+1,Musa,1,CS,BSC,2015,,,,", "surname:formula:"),
        ("'=1+1,Musa,1,CS,BSC,2015,,,,", "surname:formula:"),
        ("  =1+1,Musa,1,CS,BSC,2015,,,,", "surname:formula:"),
        ("Bello,Musa,=1+1,CS,BSC,2015,,,,", "matric:formula:"),
        (
            "Bello,Musa,1,CS,BSC,2015,=cmd|' /C calc'!A0,,,",
            "class_of_degree:formula:",
        ),
        // What spreadsheets do.
        ("Bello,Musa,8.9E+11,CS,BSC,2015,,,,", "matric:converted:"),
        (
            "Bello,Musa,\"8,9E+11\",CS,BSC,2015,,,,",
            "matric:converted:",
        ),
        ("Bello,Musa,12-Dec,CS,BSC,2015,,,,", "matric:converted:"),
        (
            "Bello,Musa,#####,CS,BSC,2015,,,,",
            "matric:spreadsheet-error:",
        ),
        ("#REF!,Musa,1,CS,BSC,2015,,,,", "surname:spreadsheet-error:"),
        (
            "#NAME?,Musa,1,CS,BSC,2015,,,,",
            "surname:spreadsheet-error:",
        ),
        ("Bello,Musa,1,CS,BSC,2.015E+03,,,,", "year:converted:"),
        ("Bello,Musa,1,CS,BSC,2015,,,8.03E+09,", "phone:converted:"),
        (
            "Bello,Musa,1,CS,BSC,2015,,,,31113",
            "date_of_birth:converted:",
        ),
        // Cells that are missing or wrong.
        ("Bello,,1,CS,BSC,2015,,,,", "given_names:missing:"),
        (",Musa,1,CS,BSC,2015,,,,", "surname:missing:"),
        ("Bello,Musa,,,BSC,2015,,,,", "department:missing:"),
        ("Bello,Musa,1,CS,,2015,,,,", "degree:missing:"),
        ("Bello,Musa,1,CS,BSC,,,,,", "year:missing:"),
        ("Bello,Musa,1,CS,BSC,15,,,,", "year:invalid:"),
        ("Bello,Musa,1,CS,BSC,1850,,,,", "year:out-of-range:"),
        ("Bello,Musa,1,CS,BSC,2099,,,,", "year:out-of-range:"),
        ("Bello,Musa,1,CS,BSC,2015,,nobody,,", "email:invalid:"),
        ("Bello,Musa,1,CS,BSC,2015,,,12,", "phone:invalid:"),
        (
            "Bello,Musa,1,CS,BSC,2015,,,,31/2/1985",
            "date_of_birth:invalid:",
        ),
        ("Bello,Musa,//,,BSC,2015,,,,", "department:missing:"),
        ("2015,Musa,1,CS,BSC,2015,,,,", "surname:no-letter:"),
        ("👍,Musa,1,CS,BSC,2015,,,,", "surname:no-letter:"),
        (
            "Bel\u{202e}lo,Musa,1,CS,BSC,2015,,,,",
            "surname:invisible-character:",
        ),
        (
            "Bel\u{7}lo,Musa,1,CS,BSC,2015,,,,",
            "surname:control-character:",
        ),
        ("Bеllo,Musa,1,CS,BSC,2015,,,,", "surname:mixed-scripts:"),
        (
            "Bello,Musa,1,Astrology,BSC,2015,,,,",
            "department:unknown:Astrology",
        ),
        (
            "Bello,Musa,1,CS,Baccalaureus,2015,,,,",
            "degree:unknown:Baccalaureus",
        ),
        // What is no record.
        ("Bello,Musa", "row:ragged:2 instead of 10"),
        (
            "Bello,Musa,1,CS,BSC,2015,,,,,",
            "row:ragged:11 instead of 10",
        ),
        ("\"Bello,Musa,1,CS,BSC,2015,,,,", "row:open-quote:"),
        ("Bello,Musa,1,\"CS,BSC,2015,,,,", "row:open-quote:"),
        ("Bello,Mu\0sa,1,CS,BSC,2015,,,,", "row:nul:"),
    ]
    .map(|(row, defects)| (row.to_owned(), defects))
    .into();
    let made = [
        (
            format!("{},Musa,1,CS,BSC,2015,,,,", long(101)),
            "surname:length:",
        ),
        (
            format!("Bello,Musa,{},CS,BSC,2015,,,,", long(41)),
            "matric:length:",
        ),
        (
            format!("{},Musa,1,CS,BSC,2015,,,,", long(5000)),
            "row:cell-too-long:",
        ),
        (
            format!("{},Musa,1,CS,BSC,2015,,,,", long(70_000)),
            "row:record-too-long:",
        ),
        (
            format!("\"{}\",Musa,1,CS,BSC,2015,,,,", long(10 << 20)),
            "row:record-too-long:",
        ),
        (
            format!("Bello,Musa{}", ",x".repeat(300)),
            "row:ragged:more than 10",
        ),
    ];
    let bytes: [(&[u8], &str); 2] = [
        (b"Andr\xe9,Musa,1,CS,BSC,2015,,,,", "row:bad-sequence:"),
        (
            b"\xf0\x28\x8c\x28,Musa,1,CS,BSC,2015,,,,",
            "row:bad-sequence:",
        ),
    ];
    let texts = texts.into_iter().chain(made);
    texts
        .map(|(row, defects)| (row.into_bytes(), defects))
        .chain(bytes.map(|(row, defects)| (row.to_vec(), defects)))
        .collect()
}

#[test]
fn each_hostile_row_has_one_verdict_and_spoils_no_other() {
    let cases = cases();
    assert!(cases.len() >= 60, "{}", cases.len());
    for end in ["\n", "\r\n"] {
        let mut file = format!("\u{feff}{HEADER}{end}").into_bytes();
        for (row, _) in &cases {
            file.extend_from_slice(row);
            file.extend_from_slice(end.as_bytes());
        }
        let expected: Vec<(u32, String)> = (2..)
            .zip(&cases)
            .map(|(line, (_, defects))| (line, (*defects).to_owned()))
            .collect();
        let found = verdicts(&rows(&file));
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(found, expected);
        }
        assert_eq!(found.len(), expected.len());
    }
}

#[test]
fn each_hostile_row_is_judged_alone_as_among_others() {
    for (row, defects) in cases() {
        let mut file = format!("\u{feff}{HEADER}\n").into_bytes();
        file.extend_from_slice(&row);
        assert_eq!(verdicts(&rows(&file)), [(2, defects.to_owned())]);
    }
}
