//! Why a line has its verdict, in English.

use abu_domain::alumni::imports::Defect;

/// The sentence of a stored reason; the reason itself where it is of a newer release.
pub fn reason_text(reason: &str) -> String {
    if let Some(defect) = Defect::from_stored(reason) {
        return defect.to_string();
    }
    let (code, line) = reason.split_once(':').unwrap_or((reason, ""));
    match code {
        "same-as-line" => format!("line {line} is about the same award"),
        "matric-of-line" => format!("line {line} has the same matric and another name"),
        "several-records" => "several records of the register match".to_owned(),
        "restricted" => "the record that matches is restricted or merged".to_owned(),
        "other-name" => "the record that matches has another name".to_owned(),
        "other-matric" => "the record of the e-mail address has another matric".to_owned(),
        "other-year" => {
            "the record of the e-mail address has the degree in another year".to_owned()
        }
        "kept" => "the office or the graduate set the fields that differ".to_owned(),
        _ => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_as_a_sentence() {
        assert_eq!(
            reason_text("matric:converted:"),
            "matric looks converted by a spreadsheet"
        );
        assert_eq!(
            reason_text("same-as-line:7"),
            "line 7 is about the same award"
        );
        for code in [
            "several-records",
            "restricted",
            "other-name",
            "other-matric",
            "other-year",
            "kept",
        ] {
            assert_ne!(reason_text(code), code);
        }
    }
}
