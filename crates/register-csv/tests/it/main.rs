//! Files of registers, through the port alone.

#![cfg(test)]

mod files;
mod hostile;
mod office;
mod support;
