use crate::named_enum;

named_enum! {
    /// The lists of reference data; a list comes after those that it refers to.
    #[derive(PartialOrd, Ord)]
    pub enum Kind {
        /// Faculties and schools of the university.
        Faculties => "faculties",
        /// Departments of the university, each of a faculty.
        Departments => "departments",
        /// Degrees, diplomas and certificates.
        Degrees => "degrees",
        /// Programmes of study, each of a department and with a degree.
        Programmes => "programmes",
        /// The states of Nigeria and the Federal Capital Territory.
        States => "states",
        /// Countries and territories of ISO 3166-1.
        Countries => "countries",
        /// Industries: the sections of ISIC Rev. 4.
        Industries => "industries",
    }
}
