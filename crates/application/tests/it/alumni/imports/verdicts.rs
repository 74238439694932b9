use abu_domain::alumni::import_state::Verdict::{
    Conflict, DuplicateInFile, Malformed, Ready, Unchanged, UnknownValue, WillUpdate,
};

use super::{
    Register, counts,
    register::{HEADER, mapping},
};

const AMINA: &str = "Bello,Amina,Sani,U15CS1070,CS,BSc,2015,amina@example.com,";
const MUSA: &str = "Ibrahim,Musa,,U16CS1084,Computer Science,B.Sc.,2016,,";

#[test]
fn a_person_whom_the_register_does_not_know_is_ready() {
    let register = Register::new();
    assert_eq!(register.verdict(AMINA), (Ready, vec![]));
    assert_eq!(register.count("alumni_records"), 0);
}

#[test]
fn the_same_file_again_is_all_unchanged() {
    let register = Register::new();
    register.imported(&[AMINA, MUSA]);
    assert_eq!(counts(&register.judged(&[AMINA, MUSA])), [(Unchanged, 2)]);
}

#[test]
fn a_byte_order_mark_quotes_and_excel_change_nothing() {
    let register = Register::new();
    register.imported(&[AMINA, MUSA]);
    let quoted = HEADER.split(',').map(|name| format!("\"{name}\""));
    let header = quoted.collect::<Vec<_>>().join(";");
    let rows = format!(
        "{}\r\n{}\r\n",
        AMINA.replace(',', ";"),
        MUSA.replace(',', ";")
    );
    for file in [
        format!("\u{feff}{HEADER}\n{AMINA}\n{MUSA}\n").into_bytes(),
        format!("\u{feff}{header}\r\n{rows}").into_bytes(),
        utf_16(&format!(
            "\u{feff}{}\r\n{}",
            HEADER.replace(',', "\t"),
            rows.replace(';', "\t")
        )),
    ] {
        assert_eq!(counts(&register.judged_file(&file)), [(Unchanged, 2)]);
    }
}

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn leading_zeros_stay_and_converted_numbers_are_malformed() {
    let register = Register::new();
    register.imported(&["Bello,Amina,,0012/85,CS,BSc,1985,,"]);
    assert_eq!(register.awards(), ["Bello|Amina|0012/85|1985"]);
    let (verdict, reasons) = register.verdict("Sani,Ali,,8.9E+11,CS,BSc,1985,,");
    assert_eq!(verdict, Malformed);
    assert_eq!(reasons, ["matric:converted:"]);
}

#[test]
fn names_that_begin_as_formulas_are_malformed() {
    let register = Register::new();
    for name in ["=HYPERLINK(1)", "+1", "-Musa", "@sum", "＝1"] {
        let row = format!("{name},Amina,,U15CS1070,CS,BSc,2015,,");
        assert_eq!(register.verdict(&row).0, Malformed, "{name}");
    }
}

#[test]
fn each_unknown_value_is_listed_once_with_its_lines() {
    let register = Register::new();
    let import = register.judged(&[
        "Bello,Amina,,U1,COMP SCI,BSc,2015,,",
        "Ibrahim,Musa,,U2,COMP SCI,BSc,2015,,",
        "Sani,Ali,,U3,CS,HND,2015,,",
    ]);
    assert_eq!(counts(&import), [(UnknownValue, 3)]);
    let values = import.unknown_values.iter();
    let values: Vec<_> = values
        .map(|value| (value.field.as_str(), value.value.as_str(), value.lines))
        .collect();
    assert_eq!(
        values,
        [("department", "COMP SCI", 2), ("degree", "HND", 1)]
    );
}

#[test]
fn of_lines_about_one_award_the_first_counts() {
    let register = Register::new();
    let import = register.judged(&[
        AMINA,
        "Bello,A.,Sani,u15-cs-1070,CS,BSc,2015,other@example.com,",
        "Ladan,Sule,,,Law,BSc,2001,,",
        "LADAN,sule,,,Law,BSc,2001,,",
    ]);
    assert_eq!(counts(&import), [(DuplicateInFile, 2), (Ready, 2)]);
    let lines = register.lines(&import);
    assert_eq!(lines[1].reasons, ["same-as-line:2"]);
    assert_eq!(lines[3].reasons, ["same-as-line:4"]);
}

#[test]
fn one_number_with_two_names_in_a_file_is_a_conflict() {
    let register = Register::new();
    let import = register.judged(&[AMINA, "Okafor,Chinedu,,U15CS1070,CS,BSc,2015,,"]);
    assert_eq!(counts(&import), [(Conflict, 1), (Ready, 1)]);
    assert_eq!(register.lines(&import)[1].reasons, ["matric-of-line:2"]);
}

#[test]
fn a_changed_field_is_shown_with_both_values() {
    let register = Register::new();
    register.imported(&[AMINA]);
    let import = register.judged(&["Bello,Amina,Sani,U15CS1070,Law,BSc,2016,amina@example.org,"]);
    assert_eq!(counts(&import), [(WillUpdate, 1)]);
    let diff = register.lines(&import)[0].diff.clone().unwrap();
    assert_eq!(
        diff["changed"],
        serde_json::json!({
            "email": {"before": "amina@example.com", "after": "amina@example.org"},
            "department": {"before": "computer-science", "after": "law"},
            "year": {"before": "2015", "after": "2016"},
        })
    );
}

#[test]
fn an_empty_cell_changes_nothing() {
    let register = Register::new();
    register.imported(&[AMINA]);
    assert_eq!(
        register.verdict("Bello,Amina,Sani,U15CS1070,,BSc,2015,,").0,
        Unchanged
    );
}

#[test]
fn a_number_of_another_name_is_a_conflict() {
    let register = Register::new();
    register.imported(&[AMINA]);
    let conflict = (Conflict, vec!["other-name".to_owned()]);
    assert_eq!(
        register.verdict("Okafor,Chinedu,,U15CS1070,CS,BSc,2015,,"),
        conflict
    );
}

#[test]
fn an_address_matches_only_with_names_that_fit() {
    let register = Register::new();
    register.imported(&["Bello,Amina,Sani,,CS,BSc,2015,family@example.com,"]);
    let row = |name: &str| format!("{name},,CS,BSc,2015,FAMILY@example.com,");
    assert_eq!(register.verdict(&row("Bello,Amina,")).0, WillUpdate);
    let conflict = (Conflict, vec!["other-name".to_owned()]);
    assert_eq!(register.verdict(&row("Bello,Musa,")), conflict);
}

#[test]
fn an_address_with_another_number_or_year_is_a_conflict() {
    let register = Register::new();
    register.imported(&[AMINA]);
    let verdict =
        |rest: &str| register.verdict(&format!("Bello,Amina,Sani,{rest},amina@example.com,"));
    assert_eq!(verdict("U15CS9999,CS,BSc,2015").1, ["other-matric"]);
    assert_eq!(verdict(",CS,BSc,2019").1, ["other-year"]);
    assert_eq!(verdict(",CS,MSc,2019").0, WillUpdate);
}

#[test]
fn equal_names_of_one_class_match_unless_both_have_numbers() {
    let register = Register::new();
    register.imported(&["Ibrahim,Musa,,,CS,BSc,2016,,", AMINA]);
    assert_eq!(register.verdict(MUSA).0, WillUpdate);
    assert_eq!(
        register.verdict("Musa,Ibrahim,,,CS,BSc,2016,,").0,
        WillUpdate
    );
    let namesake = "Bello,Amina,Sani,U15CS2222,CS,BSc,2015,,";
    assert_eq!(register.verdict(namesake).0, Ready);
}

#[test]
fn several_records_that_match_are_a_conflict() {
    let register = Register::new();
    register.imported(&[
        "Ibrahim,Musa,,U1,CS,BSc,2016,,",
        "Ibrahim,Musa,,U2,CS,BSc,2016,,",
    ]);
    let conflict = (Conflict, vec!["several-records".to_owned()]);
    assert_eq!(register.verdict("Ibrahim,Musa,,,CS,BSc,2016,,"), conflict);
}

#[test]
fn a_restricted_record_is_left_to_a_person() {
    let register = Register::new();
    register.imported(&[AMINA]);
    register
        .app
        .database
        .execute("UPDATE alumni_records SET state = 'restricted'");
    let conflict = (Conflict, vec!["restricted".to_owned()]);
    assert_eq!(register.verdict(AMINA), conflict);
}

#[test]
fn what_the_office_or_the_graduate_set_is_kept() {
    let register = Register::new();
    register.imported(&[AMINA]);
    let record = register.record("Bello");
    for source in ["office", "self"] {
        register.app.database.execute(&format!(
            "INSERT INTO record_field_sources (record_id, field, source, changed_at)
             VALUES ('{record}', 'email', '{source}', now())
             ON CONFLICT ON CONSTRAINT record_field_sources_key DO UPDATE SET source = excluded.source"
        ));
        let import = register.judged(&["Bello,Amina,Sani,U15CS1070,CS,BSc,2015,new@example.com,"]);
        let line = register.lines(&import).pop().unwrap();
        assert_eq!(
            (line.verdict, line.reasons),
            (Unchanged, vec!["kept".to_owned()])
        );
        let kept = &line.diff.unwrap()["kept"]["email"];
        assert_eq!(kept["after"], "new@example.com");
    }
}

#[test]
fn fields_of_a_record_that_the_office_made_are_kept() {
    let register = Register::new();
    register.imported(&[AMINA]);
    register.app.database.execute(
        "UPDATE alumni_records SET created_by_import = NULL; UPDATE awards SET created_by_import = NULL",
    );
    let import = register.judged(&["Bello,Aminatu,Sani,U15CS1070,Law,BSc,2016,new@example.com,"]);
    assert_eq!(counts(&import), [(Unchanged, 1)]);
}

#[test]
fn of_lines_on_one_record_the_first_changes_the_person() {
    let register = Register::new();
    register.imported(&[AMINA, "Bello,Amina,Sani,U19CS1070,CS,MSc,2019,,"]);
    let (keep, dropped) = {
        let records = register
            .app
            .database
            .texts("SELECT id::text FROM alumni_records ORDER BY id");
        (records[0].clone(), records[1].clone())
    };
    register.app.database.execute(&format!(
        "UPDATE awards SET record_id = '{keep}';
         UPDATE alumni_records SET state = 'merged', merged_into = '{keep}' WHERE id = '{dropped}'"
    ));
    let rows = [
        "Bello,Aminatu,Sani,U15CS1070,CS,BSc,2015,,",
        "Bello,A.,Sani,U19CS1070,CS,MSc,2019,,",
    ];
    let import = register.imported(&rows);
    assert_eq!(counts(&import), [(WillUpdate, 1), (Unchanged, 1)]);
    assert_eq!(counts(&register.judged(&rows)), [(Unchanged, 2)]);
}

#[test]
fn every_line_of_a_broken_file_has_one_verdict() {
    let register = Register::new();
    let mut file = HEADER.as_bytes().to_vec();
    for row in [
        &b"\nBello,Amina,Sani,U15CS1070,CS,BSc,2015,,"[..],
        b"\nBello,Am\0ina,,U2,CS,BSc,2015,,",
        b"\nragged,row",
        b"\nSani,,,,,,,,",
        b"\nSani,Ali,,U3,CS,BSc,1066,,",
        b"\nSani,Ali,,U4,CS,BSc,2015,no address,",
        b"\n\"Sani\",Ali,,U5,\"CS\",BSc,2015,,\n",
    ] {
        file.extend_from_slice(row);
    }
    let import = register.judged_file(&file);
    assert_eq!(import.lines, 7);
    assert_eq!(counts(&import), [(Malformed, 5), (Ready, 2)]);
}

#[test]
fn a_mapping_that_does_not_fit_the_file_fails_the_import() {
    let register = Register::new();
    let uploaded = register
        .try_upload(b"Name,Year\nAmina Bello,2015\n", |_| {})
        .unwrap();
    let judged = register.imports().judge(
        uploaded.import.id,
        &abu_application::alumni::imports::Unwatched,
    );
    assert!(judged.is_err());
    let import = register.import(uploaded.import.id);
    assert_eq!(import.state.name(), "failed");
    assert!(import.failure.unwrap().contains("surname"));
    assert!(mapping().errors().is_empty());
}
