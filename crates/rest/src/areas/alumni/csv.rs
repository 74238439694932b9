//! Cells of CSV files (RFC 4180) that spreadsheet programs show as text.

/// Appends a row.
pub(super) fn push_row(csv: &mut String, cells: &[&str]) {
    for (number, cell) in cells.iter().enumerate() {
        if number > 0 {
            csv.push(',');
        }
        push_cell(csv, cell);
    }
    csv.push_str("\r\n");
}

/// A cell that a spreadsheet program would take for a formula gets an apostrophe before it.
fn push_cell(csv: &mut String, cell: &str) {
    csv.push('"');
    let starts_formula = |c: char| "=+-@\t\r＝＋－＠".contains(c);
    if cell.starts_with(starts_formula) {
        csv.push('\'');
    }
    csv.push_str(&cell.replace('"', "\"\""));
    csv.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_are_text() {
        let mut csv = String::new();
        push_row(&mut csv, &["=1+1", "a \"b\", c", "", "＝SUM(A1)", "Ṣadé"]);
        assert_eq!(
            csv,
            "\"'=1+1\",\"a \"\"b\"\", c\",\"\",\"'＝SUM(A1)\",\"Ṣadé\"\r\n"
        );
    }
}
