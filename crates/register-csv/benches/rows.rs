//! Rows per second of a register: decoded, parsed, mapped and folded.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says why")]

use std::io::Cursor;

use abu_application::alumni::ports::{Extent, ImportFiles};
use abu_domain::{
    DegreeId, DepartmentId,
    alumni::imports::{Found, Programme, Vocabulary},
};
use abu_register_csv::CsvFiles;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ROWS: u64 = 100_000;

struct Numbered;

impl Vocabulary for Numbered {
    fn department(&self, text: &str) -> Found<DepartmentId> {
        Found::One(DepartmentId::new(text.len() as i16))
    }

    fn degree(&self, text: &str) -> Found<DegreeId> {
        Found::One(DegreeId::new(text.len() as i16))
    }

    fn programme(&self, _: &str, _: Option<DepartmentId>, _: Option<DegreeId>) -> Found<Programme> {
        Found::Nothing
    }
}

/// A register with every column; every tenth name has letters beyond ASCII.
fn register() -> String {
    let surnames = [
        "BELLO",
        "Danjuma",
        "OKONKWO",
        "Birnin-Kudu",
        "Ọláyínká",
        "Sa'ad",
        "Musa",
        "Yakubu",
        "Ibrahim",
        "Umar",
    ];
    let given = [
        "Musa",
        "Sa'adatu",
        "Chukwuemeka",
        "Abdul Rahman",
        "Ifeoluwa",
        "Hadiza",
        "Ali",
        "Grace",
    ];
    let mut text = "Surname,First Name,Other Names,Matric No,Department,Degree,Year,Class,Email,Phone,Date of birth\r\n".to_owned();
    for n in 0..ROWS as usize {
        let (surname, first, other) = (surnames[n % 10], given[n % 8], given[n / 8 % 8]);
        let (year, department) = (1965 + n % 60, n % 110);
        text += &format!(
            "{surname},{first},{other},U{:02}CS{n:06},Department of {department},B.Sc.,{year},Second Class Upper,{}.{n}@example.com,080{:08},{}/{}/{}\r\n",
            year % 100,
            first.replace(' ', "").to_lowercase(),
            n,
            1 + n % 28,
            1 + n % 12,
            year - 22,
        );
    }
    text
}

fn read_a_register(criterion: &mut Criterion) {
    let register = register();
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(register.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut group = criterion.benchmark_group("read a register");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ROWS));
    for (name, bytes) in [("UTF-8", register.into_bytes()), ("UTF-16", utf16)] {
        let inspect = || CsvFiles.inspect(&mut &bytes[..], Extent::Whole).unwrap();
        group.bench_function(format!("first pass, {name}"), |bencher| {
            bencher.iter(inspect)
        });
        let inspection = inspect();
        group.bench_function(format!("rows, {name}"), |bencher| {
            bencher.iter(|| {
                let file = Box::new(Cursor::new(&bytes));
                let mapping = &inspection.proposal;
                let rows = CsvFiles.rows(file, &inspection, mapping, Box::new(Numbered), 2026);
                let fine = rows
                    .unwrap()
                    .filter(|row| row.as_ref().unwrap().defects.is_empty());
                assert_eq!(fine.count() as u64, ROWS);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, read_a_register);
criterion_main!(benches);
