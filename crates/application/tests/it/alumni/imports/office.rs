use abu_application::{
    access::AccessError,
    alumni::imports::ImportError,
    platform::lists::{ListRequest, Seek},
};
use abu_domain::alumni::import_state::{ImportState, Verdict};
use chrono::TimeDelta;

use super::{Register, register::HEADER};
use crate::support::assert_refused;

const AMINA: &str = "Bello,Amina,Sani,U15CS1070,CS,BSc,2015,amina@example.com,";

#[tokio::test]
async fn imports_take_their_permission() {
    let register = Register::new();
    let import = register.judged(&[AMINA]);
    let member = register.app.member().create().caller();
    let imports = register.imports();
    let denied = |result: Result<(), ImportError>| {
        assert_refused!(result, ImportError::Access(AccessError::Denied(_)));
    };
    denied(imports.authorize(member.clone()).await);
    denied(imports.get(member.clone(), import.id).await.map(drop));
    denied(imports.commit(member.clone(), import.id).await.map(drop));
    denied(
        imports
            .judge_again(member.clone(), import.id)
            .await
            .map(drop),
    );
    denied(
        imports
            .roll_back(member.clone(), import.id, true)
            .await
            .map(drop),
    );
    denied(imports.discard(member.clone(), import.id).await);
    denied(
        imports
            .left_out(member.clone(), import.id, None)
            .await
            .map(drop),
    );
    denied(imports.preview(member, Vec::new(), true).await.map(drop));
    imports.authorize(register.office().caller()).await.unwrap();
}

#[test]
fn a_file_is_imported_once_with_one_mapping() {
    let register = Register::new();
    let file = format!("{HEADER}\n{AMINA}\n");
    let first = register.try_upload(file.as_bytes(), |_| {}).unwrap();
    let again = register.try_upload(file.as_bytes(), |_| {}).unwrap();
    assert!(first.is_new && !again.is_new);
    assert_eq!(first.import.id, again.import.id);
    let other = register.try_upload(file.as_bytes(), |draft| draft.mapping.phone = None);
    assert!(other.unwrap().is_new, "another mapping is another import");
    let anew = register.try_upload(file.as_bytes(), |draft| draft.again = true);
    assert!(anew.unwrap().is_new, "it is judged anew on request");
}

#[test]
fn an_empty_file_a_large_one_and_a_bad_mapping_are_refused() {
    let register = Register::new();
    assert_refused!(register.try_upload(b"", |_| {}), ImportError::Empty);
    let large = vec![b'x'; 1_000_001];
    assert_refused!(
        register.try_upload(&large, |_| {}),
        ImportError::TooLarge {
            max_bytes: 1_000_000
        }
    );
    let refused = register.try_upload(b"x", |draft| draft.mapping.year = None);
    assert_refused!(refused, ImportError::Mapping(_));
    assert_eq!(register.count("imports"), 0);
}

#[tokio::test]
async fn a_discarded_import_leaves_nothing_and_its_file_can_come_again() {
    let register = Register::new();
    let file = format!("{HEADER}\n{AMINA}\n");
    let uploaded = register.try_upload(file.as_bytes(), |_| {}).unwrap();
    let import = register.judge(uploaded.import.id);
    let office = register.office().caller();
    register
        .imports()
        .discard(office.clone(), import.id)
        .await
        .unwrap();
    let gone = register.import(import.id);
    assert_eq!((gone.state, gone.file_key), (ImportState::Discarded, None));
    assert_eq!(register.count("import_rows"), 0);
    assert!(register.try_upload(file.as_bytes(), |_| {}).unwrap().is_new);
    let again = register.imports().discard(office, import.id).await;
    assert_refused!(again, ImportError::WrongState(ImportState::Discarded));
}

#[tokio::test]
async fn lines_are_listed_by_verdict_in_pages() {
    let register = Register::new();
    let rows: Vec<String> = (0..5)
        .map(|n| {
            format!(
                "Bello,Amina,,U{n},{},BSc,2015,,",
                if n % 2 == 0 { "CS" } else { "?" }
            )
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let import = register.judged(&rows);
    let office = register.office().caller();
    let page = |verdicts: Vec<Verdict>, seek| {
        let request = ListRequest {
            seek,
            limit: 2,
            count: true,
        };
        register
            .imports()
            .lines(office.clone(), import.id, verdicts, request)
    };
    let first = page(vec![Verdict::Ready], Seek::START).await.unwrap();
    let lines: Vec<u32> = first.items.iter().map(|line| line.line).collect();
    assert_eq!((lines, first.after), (vec![2, 4], true));
    let rest = page(vec![Verdict::Ready], Seek::After(Some(4)))
        .await
        .unwrap();
    assert_eq!((rest.items.len(), rest.after), (1, false));
    let all = page(vec![], Seek::Before(None)).await.unwrap();
    let lines: Vec<u32> = all.items.iter().map(|line| line.line).collect();
    assert_eq!(lines, [5, 6]);
}

#[test]
fn the_report_is_neutral_for_spreadsheets() {
    let register = Register::new();
    let import = register.judged(&["=HYPERLINK(1),Amina,,U15CS1070,+cmd,BSc,2015,,"]);
    let lines = register.lines(&import);
    let report = register.imports().report_part(&lines, true).unwrap();
    let text = String::from_utf8(report).unwrap();
    assert!(text.starts_with("\u{feff}line,verdict,reason,"), "{text}");
    for row in text.lines().skip(1) {
        for cell in row.split(',') {
            let bare = cell.trim_start_matches('"');
            assert!(!bare.starts_with(['=', '+', '-', '@']), "{cell}");
        }
    }
    let rest = register.imports().report_part(&lines, false).unwrap();
    assert!(text.ends_with(std::str::from_utf8(&rest).unwrap()));
}

#[test]
fn after_thirty_days_files_and_lines_are_forgotten() {
    let register = Register::new();
    let committed = register.imported(&[AMINA, "Sani,,,,,,,,"]);
    let judged = register.judged(&[AMINA]);
    register.imports().tidy().unwrap();
    assert!(register.import(committed.id).file_key.is_some());
    register.app.clock.advance(TimeDelta::days(31));
    assert!(!register.imports().tidy().unwrap());
    assert_eq!(register.import(committed.id).file_key, None);
    assert_eq!(register.import(committed.id).state, ImportState::Committed);
    assert_eq!(register.import(judged.id).state, ImportState::Discarded);
    assert_eq!(register.count("import_rows"), 0);
    assert_eq!(register.count("alumni_records"), 1);
}
