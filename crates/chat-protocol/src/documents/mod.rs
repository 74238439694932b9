//! The documents about the protocol that are made from its types.
