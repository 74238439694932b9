//! The rules of the alumni area.

mod reference;
