//! The people of a seed, as a whole.

#![cfg(test)]

mod people;
