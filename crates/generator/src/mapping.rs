use abu_domain::alumni::imports::{
    Column, DateColumn, DateOrder, GivenNames, IfInvalid, Mapping, OptionalColumn, ValueSource,
    YearSource,
};

/// The mapping of the generator's CSV for an import.
pub fn mapping() -> Mapping {
    let column = |name: &str| {
        Some(Column {
            column: name.to_owned(),
        })
    };
    let optional = |name: &str| {
        Some(OptionalColumn {
            column: name.to_owned(),
            if_invalid: IfInvalid::Refuse,
        })
    };
    let values = |name: &str| {
        Some(ValueSource {
            column: Some(name.to_owned()),
            ..ValueSource::default()
        })
    };
    Mapping {
        surname: column("surname"),
        given_names: Some(GivenNames {
            columns: vec!["given_names".to_owned()],
        }),
        full_name: None,
        matric: column("matric_number"),
        department: values("department"),
        programme: values("programme"),
        degree: values("degree"),
        year: Some(YearSource {
            column: Some("year".to_owned()),
            value: None,
        }),
        class_of_degree: optional("class_of_degree"),
        email: optional("email"),
        phone: optional("phone"),
        date_of_birth: Some(DateColumn {
            column: "date_of_birth".to_owned(),
            order: DateOrder::DayFirst,
            if_invalid: IfInvalid::Refuse,
        }),
    }
}
